-- offer_answer: the agent takes the call; it leaves the queue, and whoever else is rung for it is free; uses lib_agent, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] offer id   ARGV[3] unique part of the ids of the next offers of those others
-- Returns 1 when the offer is answered (also when it was already), 0 when it is not in force.
local o = load(OFFERS, ARGV[2])
if not o then return 0 end
if o.answered then return 1 end
local a, c = load(AGENTS, o.agent), load(CALLS, o.call)
if not a or a.offer ~= ARGV[2] or not c or not has(c, ARGV[2]) then return 0 end
a.misses, a.refusals, a.last_call, a.last_queue = 0, nil, nil, nil
if not move(o.agent, a, 'answer') then return 0 end
save(AGENTS, o.agent, a)
unwait(o.call, c)
local others = {}
for _, id in ipairs(offers_of(c)) do
  if id ~= ARGV[2] then others[#others + 1] = id end
end
set_offers(c, {})
o.answered, o.queued = true, c
redis.call('HSET', OFFERS, ARGV[2], cjson.encode(o))
redis.call('ZREM', due(o.pbx), 'offer:' .. ARGV[2])
drop_call(o.call, c)
redis.call('HSET', TAKEN, o.call, ARGV[2])
went(c, true)
spare(others, 'elsewhere', ARGV[3])
return 1
