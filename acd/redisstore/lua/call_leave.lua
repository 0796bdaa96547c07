-- call_leave: take a call without a standing offer out of its queue, unless it is there by a later visit; uses lib_agent, lib_lane.
-- KEYS as in lib_agent.
-- ARGV[2] call id   ARGV[3] visit   ARGV[4] how long its place is kept for its caller, ms
-- Returns 1 when removed, 0 when it is not there, is there by a later visit or has an offer.
local c = load(CALLS, ARGV[2])
if not c or (c.visit or 0) > tonumber(ARGV[3]) or standing(ARGV[2], c) then return 0 end
unwait(ARGV[2], c)
left(ARGV[2], c, tonumber(ARGV[4]))
return 1
