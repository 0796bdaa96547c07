-- lib_settle: what becomes of an agent after a change. Follows lib_match.

-- oldest returns the call that waits longest of all the station's queues, and which queue that is.
local function oldest(station)
  local call, at, score
  for i = 1, #station.queues do
    local head = redis.call('ZRANGE', waiting(i), 0, 0, 'WITHSCORES')
    local s = tonumber(head[2])
    if s and (not call or s < score or (s == score and head[1] < call)) then
      call, at, score = head[1], i, s
    end
  end
  return call, at
end

-- settle stores the agent and, when eligible, finds a call or takes the places
-- in the idle sets; returns the offer as text, or ''.
local function settle(id, a, station, unique)
  if not eligible(a) then
    for i = 1, QUEUES do redis.call('ZREM', idle(i), id) end
    save(AGENTS, id, a)
    return ''
  end
  local call, at = oldest(station)
  if call then
    redis.call('ZREM', waiting(at), call)
    return offer(id, a, call, load(CALLS, call), station.queues[at], unique)
  end
  for i, q in ipairs(station.queues) do
    local score = q.level * 1e13
    for fact, weight in pairs(q.weights) do score = score + weight * (a[fact] or 0) end
    redis.call('ZADD', idle(i), score, id)
  end
  save(AGENTS, id, a)
  return ''
end
