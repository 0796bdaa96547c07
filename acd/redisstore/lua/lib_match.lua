-- lib_match: how agents and calls find each other. Follows lib_agent and lib_state.

-- No search goes over more than this many members that fit nothing. In a store
-- that is whole there is none; what is damaged is found by the healing scripts.
local TRIES = 32

local function eligible(a)
  return a.state == 'available' and not a.rest and (a.device == 'free' or a.device == 'unknown')
end

-- on_phone notes that the agent who is free now asked for it at the phone, which
-- is in that call: it is rung when the PBX says that it is free, or after some
-- time if the PBX says nothing.
local function on_phone(id, a, ms)
  if ms <= 0 or a.state ~= 'available' or (a.device == 'busy' and not a.hearsay) then return end
  a.device, a.device_at, a.hearsay = 'busy', now, true
  a.rest, a.rest_min, a.rest_for = now + ms, now, 'busy'
  redis.call('ZADD', DUE, a.rest, 'rest:' .. id)
end

local function serves(a, queue) return (',' .. (a.queues or '') .. ','):find(',' .. queue .. ',', 1, true) end

-- unlist takes the agent out of the idle sets of all queues that the record
-- names. An agent is in no other (settle), so nobody who is not free is in any.
local function unlist(id, a)
  for queue in queues_of(a) do redis.call('ZREM', set_of('idle', queue, a.pbx), id) end
end

-- offer reserves agent and call for each other and returns the offer as text.
local function offer(id, a, call, c, q, unique)
  unlist(id, a)
  a.offer, a.call, a.queue, a.offered_at = call .. '-' .. unique, call, q.id, now
  move(id, a, 'reserve')
  c.offer = a.offer
  local text = cjson.encode({id = a.offer, call = call, visit = c.visit, pbx = a.pbx, queue = q.id, agent = id,
    endpoint = a.endpoint, ring = q.ring_ms * 1e6, auto_answer = a.auto_answer or q.auto_answer,
    language = a.language, at = now, due = now + q.hold_ms})
  redis.call('HSET', OFFERS, a.offer, text)
  redis.call('ZADD', DUE, now + q.hold_ms, 'offer:' .. a.offer)
  save(AGENTS, id, a)
  save(CALLS, call, c)
  post('made', a.offer)
  return text
end

-- seek finds an agent for a call of the i-th queue, which is in no waiting set;
-- '' when there is none.
local function seek(call, c, i, q, unique)
  for _ = 1, TRIES do
    local id = redis.call('ZPOPMIN', idle(i))[1]
    if not id then return '' end
    local a = load(AGENTS, id)
    if a and eligible(a) and a.pbx == c.pbx and serves(a, q.id) then return offer(id, a, call, c, q, unique) end
  end
  return ''
end
