-- place_heal: take a member out of a set that is not the place of a call by that name; uses lib_agent, lib_lane.
-- KEYS as in lib_agent.
-- ARGV[2] the set: 'lane:<lane>', 'waiting:', 'inside:', 'callbacks:' or 'astray:<queue>@<group>', 'present:' or 'stranded:<pbx>'
-- ARGV[3] member; '': look at what is noted of the lane, or of inside, alone
-- Returns 1 when it was taken out, or noted anew, 0 when all fits.
local set, call = ARGV[2], ARGV[3]
local c, lane = load(CALLS, call), set:match('^lane:(.+)')
local at = c and c.rings and c.rings[c.at or 0]
if lane then
  if at and at.lane == lane then return 0 end
  local known = noted(key('lane', lane), PREFIX .. 'lanes', lane)
  return (drop(lane, call) == 1 or not known) and 1 or 0
end
local kind, queue = set:match('^(%a+):(.+)')
if kind == 'inside' or kind == 'callbacks' then
  if c and among(c) == PREFIX .. set then return 0 end
  local known = inside_noted(queue)
  local gone = redis.call('ZREM', PREFIX .. set, call)
  note_inside(queue)
  return (gone > 0 or not known) and 1 or 0
end
if kind == 'waiting' and c and not c.offer and not c.away and waiting(c) == PREFIX .. set and (at or not c.rings) then return 0 end
if kind == 'astray' and c and c.away and c.work ~= 'callback' and queue_at(c) == queue then return 0 end
if kind == (c and c.away and 'stranded' or 'present') and c and c.pbx == queue then return 0 end
return redis.call('ZREM', PREFIX .. set, call)
