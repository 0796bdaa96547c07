-- call_heal: give a call that is neither waiting nor offered its place back, and a
-- place without a call away; uses lib_agent, lib_match.
-- KEYS as in lib_agent, of the one queue.
-- ARGV[2] call id   ARGV[3] the queue, a QueueRules   ARGV[4] unique part of the offer's id
-- Returns {1, offer or ''} when something was mended, {0, ''} when all fits.
local call, q = ARGV[2], cjson.decode(ARGV[3])
local c = load(CALLS, call)
if not c or c.queue ~= q.id or standing(call, c) then return {redis.call('ZREM', waiting(1), call), ''} end
if not c.offer and redis.call('ZSCORE', waiting(1), call) then return {0, ''} end
c.offer = nil
redis.call('ZREM', waiting(1), call)
local made = seek(call, c, 1, q, ARGV[4])
if made ~= '' then return {1, made} end
redis.call('ZADD', waiting(1), c.score, call)
save(CALLS, call, c)
return {1, ''}
