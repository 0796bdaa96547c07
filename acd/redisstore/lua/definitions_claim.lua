-- definitions_claim: put definitions in force, unless others that are newer are.
-- KEYS[1] hash definitions  stamp (unix ms), print
-- ARGV[1] stamp, unix ms   ARGV[2] print   ARGV[3] '1': also in place of newer ones
-- Returns {1, ''} when they are in force, {0, stamp of the newer ones} when not.
local stamp, print = unpack(redis.call('HMGET', KEYS[1], 'stamp', 'print'))
local newer = stamp and tonumber(stamp) > tonumber(ARGV[1])
if newer and print ~= ARGV[2] and ARGV[3] ~= '1' then return {0, stamp} end
redis.call('HSET', KEYS[1], 'print', ARGV[2], 'stamp', newer and stamp or ARGV[1])
return {1, ''}
