-- lib_settle: what becomes of an agent after a change. Follows lib_match.

-- fits tells whether the record knows the i-th queue of the station, which may
-- be of definitions that the record does not follow yet, or no longer.
local function fits(a, station, i)
  return a.pbx == station.pbx and serves(a, station.queues[i].id) ~= nil
end

-- oldest returns the call that waits longest of all the agent's queues, which
-- queue that is, and the call's record. Members that are no waiting call are dropped.
local function oldest(a, station)
  for _ = 1, TRIES do
    local call, at, score
    for i = 1, #station.queues do
      local head = fits(a, station, i) and redis.call('ZRANGE', waiting(i), 0, 0, 'WITHSCORES') or {}
      local s = tonumber(head[2])
      if s and (not call or s < score or (s == score and head[1] < call)) then
        call, at, score = head[1], i, s
      end
    end
    local c = call and load(CALLS, call)
    if not call or (c and not standing(call, c)) then return call, at, c end
    redis.call('ZREM', waiting(at), call)
  end
end

-- settle stores the agent and, when eligible, finds a call or takes the places
-- in the idle sets; returns the offer as text, or ''.
local function settle(id, a, station, unique)
  if not eligible(a) then
    unlist(id, a)
    save(AGENTS, id, a)
    return ''
  end
  local call, at, c = oldest(a, station)
  if call then
    redis.call('ZREM', waiting(at), call)
    return offer(id, a, call, c, station.queues[at], unique)
  end
  for i, q in ipairs(station.queues) do
    local score = q.level * 1e13
    for fact, weight in pairs(q.weights) do score = score + weight * (a[fact] or 0) end
    if fits(a, station, i) then redis.call('ZADD', idle(i), score, id) end
  end
  save(AGENTS, id, a)
  return ''
end
