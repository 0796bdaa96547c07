-- generation_put: put the files of definitions in force for all processes.
-- KEYS[1] hash generation
-- ARGV[1] the generation that they are to follow, '' for whatever is in force   ARGV[2] the files   ARGV[3] who put them in force   ARGV[4] when, unix ms
-- Returns {number of the generation that is in force now, 1 when it is a new one, else 0}.
local now = redis.call('HMGET', KEYS[1], 'n', 'files')
local n = tonumber(now[1] or 0)
if now[2] == ARGV[2] or (ARGV[1] ~= '' and tonumber(ARGV[1]) ~= n) then return {n, 0} end
redis.call('HSET', KEYS[1], 'n', n + 1, 'files', ARGV[2], 'by', ARGV[3], 'at', ARGV[4])
return {n + 1, 1}
