-- lib_match: how agents and calls find each other. Follows lib_best.

local made = 0 -- offers that this run has made: their ids differ

-- offer reserves agent and call for each other and returns the offer as text. freed: the agent looked for a call.
local function offer(id, a, call, c, q, unique, freed)
  local match = matched(a, c, q, freed)
  unlist(id, a.profile, a.facts)
  a.offer, a.call, a.queue, a.offered_at = call .. '-' .. unique .. (made > 0 and made or ''), call, c.queue, now
  made = made + 1
  move(id, a, 'reserve')
  local ids = offers_of(c)
  ids[#ids + 1] = a.offer
  set_offers(c, ids)
  if room(c, q) > 0 then
    redis.call('ZREM', waiting(c), call)
    enlane(call, c)
  else
    unwait(call, c)
  end
  local text = cjson.encode({id = a.offer, call = call, visit = c.visit, pbx = c.pbx, phone_pbx = a.pbx ~= c.pbx and a.pbx or nil, queue = c.queue, agent = id,
    endpoint = a.endpoint, ring = q.ring_ms * 1e6, auto_answer = a.auto_answer or q.auto_answer,
    language = a.language, of = c.of, all = most(c, q) > 1 or nil, match = match, at = now, due = now + q.hold_ms})
  redis.call('HSET', OFFERS, a.offer, text)
  redis.call('ZADD', due(c.pbx), now + q.hold_ms, 'offer:' .. a.offer)
  save(AGENTS, id, a)
  save(CALLS, call, c)
  post(c.pbx, 'made', a.offer)
  return text
end

-- hold has the agent talk, by an offer for which no phone needs to ring.
local function hold(id, a, o)
  unlist(id, a.profile, a.facts)
  wake(id, a)
  a.misses, a.refusals = 0, nil
  a.offer, a.call, a.queue = o.id, o.call, o.queue
  move(id, a, 'talk')
  a.last_call, a.last_queue = nil, nil
  save(AGENTS, id, a)
  redis.call('HSET', TAKEN, o.call, o.id)
end
