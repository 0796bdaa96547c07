-- generation_put: put the files of definitions in force for all processes.
-- KEYS[1] hash generation
-- ARGV[1] the generation that they are to follow, '' for whatever is in force   ARGV[2] the files   ARGV[3] who put them in force   ARGV[4] when, unix ms
-- ARGV[5] when those were put in force that the process knew last, unix ms: older ones are there after a loss only
-- Returns {number of the generation that is in force now, 1 when it is a new one, else 0, since when}.
local now = redis.call('HMGET', KEYS[1], 'n', 'files', 'at')
local n, at = tonumber(now[1] or 0), tonumber(now[3] or 0)
local same = now[2] == ARGV[2] and at >= tonumber(ARGV[5])
if same or (ARGV[1] ~= '' and tonumber(ARGV[1]) ~= n) then return {n, 0, at} end
at = math.max(tonumber(ARGV[4]), at + 1)
redis.call('HSET', KEYS[1], 'n', n + 1, 'files', ARGV[2], 'by', ARGV[3], 'at', string.format('%d', at))
return {n + 1, 1, at}
