-- lib_match: how agents and calls find each other. Follows lib_best.

-- offer reserves agent and call for each other and returns the offer as text. freed: the agent looked for a call.
local function offer(id, a, call, c, q, unique, freed)
  local match = matched(a, c, q, freed)
  unlist(id, a.profile, a.facts)
  unwait(call, c)
  a.offer, a.call, a.queue, a.offered_at = call .. '-' .. unique, call, c.queue, now
  move(id, a, 'reserve')
  c.offer = a.offer
  local text = cjson.encode({id = a.offer, call = call, visit = c.visit, pbx = c.pbx, phone_pbx = a.pbx ~= c.pbx and a.pbx or nil, queue = c.queue, agent = id,
    endpoint = a.endpoint, ring = q.ring_ms * 1e6, auto_answer = a.auto_answer or q.auto_answer,
    language = a.language, of = c.of, match = match, at = now, due = now + q.hold_ms})
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

-- rules returns what an offer needs to know of the queue; nil when that is lost.
local function rules(serves)
  local text = redis.call('HGET', serves, '')
  return text and cjson.decode(text)
end

-- seek finds an agent for a call that waits nowhere; '' when there is none.
local function seek(call, c, unique)
  local r = c.rings and c.rings[ring(c)]
  if not r then return '' end
  local serves = key('serves', r.table)
  local q, own = rules(serves), r.lane:match('^@(.+)')
  if own then
    local a = load(AGENTS, own)
    return q and a and eligible(a) and group(a) == group(c) and offer(own, a, call, c, q, unique) or ''
  end
  for _ = 1, q and TRIES or 0 do
    local profile, id = best(serves, q.fact, q.random and lots(q, call, c, unique))
    if not profile then return '' end
    local a = load(AGENTS, id)
    if a and eligible(a) and a.profile == profile then return offer(id, a, call, c, q, unique) end
    unlist(id, profile, q.fact)
  end
  return ''
end
