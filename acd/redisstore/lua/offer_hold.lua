-- offer_hold: hold an agent who talks with the call of an offer that is not in force any more; uses lib_agent, lib_match.
-- KEYS as in lib_agent.
-- ARGV[2] the offer, as it was made
-- Returns {1, ''} when the agent is held, {0, ''} when logged out or in another conversation,
-- {0, offer} when another offer, of the agent or of the call, has to end before.
local o = cjson.decode(ARGV[2])
local a, c = load(AGENTS, o.agent), load(CALLS, o.call)
if c and (c.visit or 0) > (o.visit or 0) then c = nil end -- it is being transferred
local other = a and a.offer and a.offer ~= o.id and load(OFFERS, a.offer)
for _, id in ipairs(c and standing(o.call, c) and offers_of(c) or {}) do
  if id ~= o.id then other = other or load(OFFERS, id) end
end
if other then return {0, other.answered and '' or other.id} end
if not a or not NEXT[a.state].talk then return {0, ''} end

if a.state == 'paused' and a.reason ~= 'missed' then a.next, a.next_why, a.again = 'pause_due', a.reason, true end
hold(o.agent, a, o)
if c then
  set_offers(c, {})
  unwait(o.call, c)
  drop_call(o.call, c)
end
o.answered, o.queued, o.at, o.due = true, c, now, now
redis.call('HSET', OFFERS, o.id, cjson.encode(o))
redis.call('ZREM', due(o.pbx), 'offer:' .. o.id)
return {1, ''}
