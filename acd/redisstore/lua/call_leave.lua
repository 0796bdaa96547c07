-- call_leave: take a call without a standing offer out of its queue; uses lib_agent.
-- KEYS as in lib_agent, of the call's queue.
-- ARGV[2] call id
-- Returns 1 when removed, 0 when it is not there or has an offer.
local c = load(CALLS, ARGV[2])
if not c or c.offer then return 0 end
redis.call('HDEL', CALLS, ARGV[2])
redis.call('ZREM', waiting(1), ARGV[2])
return 1
