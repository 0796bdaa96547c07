-- lib_match: how agents and calls find each other. Follows lib_agent.

local function eligible(a)
  return a.state == 'available' and not a.rest and (a.device == 'free' or a.device == 'unknown')
end

-- adopt brings the record in line with the station. Of another phone nothing is known yet.
local function adopt(a, station)
  if a.endpoint ~= station.endpoint or a.pbx ~= station.pbx then a.device, a.hearsay = 'unknown', nil end
  local names = {}
  for i, q in ipairs(station.queues) do names[i] = q.id end
  a.endpoint, a.pbx, a.language = station.endpoint, station.pbx, station.language
  a.auto_answer, a.print, a.queues = station.auto_answer, station.print, table.concat(names, ',')
end

-- wake ends a rest. What was only inferred of the phone is forgotten with it.
local function wake(id, a)
  if a.hearsay then a.device, a.hearsay = 'unknown', nil end
  a.rest, a.rest_min, a.rest_for = nil, nil, nil
  redis.call('ZREM', DUE, 'rest:' .. id)
end

-- offer reserves agent and call for each other and returns the offer as text.
local function offer(id, a, call, c, q, unique)
  a.offer, a.call, a.queue, a.offered_at = call .. '-' .. unique, call, q.id, now
  move(id, a, 'reserve')
  c.offer = a.offer
  local text = cjson.encode({id = a.offer, call = call, pbx = a.pbx, queue = q.id, agent = id,
    endpoint = a.endpoint, ring = q.ring_ms * 1e6, auto_answer = a.auto_answer or q.auto_answer,
    language = a.language, at = now, due = now + q.hold_ms})
  redis.call('HSET', OFFERS, a.offer, text)
  redis.call('ZADD', DUE, now + q.hold_ms, 'offer:' .. a.offer)
  save(AGENTS, id, a)
  save(CALLS, call, c)
  return text
end

-- seek finds an agent for a call of the i-th queue, which is in no waiting set;
-- '' when there is none. An agent reserved through another queue is still in
-- the idle set here: such members are dropped as they come up, each once.
local function seek(call, c, i, q, unique)
  while true do
    local id = redis.call('ZPOPMIN', idle(i))[1]
    if not id then return '' end
    local a = load(AGENTS, id)
    if a and eligible(a) and (',' .. a.queues .. ','):find(',' .. q.id .. ',', 1, true) then
      return offer(id, a, call, c, q, unique)
    end
  end
end
