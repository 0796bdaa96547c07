-- turn_take: let one process at a time do what is done now and then.
-- KEYS[1] hash turns
-- ARGV[1] what is done   ARGV[2] the caller's clock, unix ms   ARGV[3] how often it is done, ms
-- Returns 1 when it is the caller's turn, 0 when somebody has done it within that time.
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
if last <= tonumber(ARGV[2]) and tonumber(ARGV[2]) - last < tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 3600000)
return 1
