-- place_heal: take a member out of a set that is not the place of a call by that name; uses lib_agent, lib_lane.
-- KEYS as in lib_agent.
-- ARGV[2] the set: 'waiting:<queue>@<group>' or 'lane:<lane>'   ARGV[3] member; '': look at what is noted of the lane alone
-- Returns 1 when it was taken out, or noted anew, 0 when all fits.
local set, call = ARGV[2], ARGV[3]
local c, lane = load(CALLS, call), set:match('^lane:(.+)')
local at = c and not c.offer and c.rings and c.rings[c.at or 0]
if lane then
  if at and at.lane == lane then return 0 end
  local known = noted(key('lane', lane), PREFIX .. 'lanes', lane)
  return (drop(lane, call) == 1 or not known) and 1 or 0
end
if c and not c.offer and waiting(c) == PREFIX .. set and (at or not c.rings) then return 0 end
return redis.call('ZREM', PREFIX .. set, call)
