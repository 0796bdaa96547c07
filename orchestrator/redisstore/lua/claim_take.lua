-- claim_take: let a key stand for a value, unless it stands for one already.
-- KEYS[1] string claim
-- ARGV[1] value   ARGV[2] how long it is kept, ms
-- Returns what the key stands for.
local before = redis.call('GET', KEYS[1])
if before then return before end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
