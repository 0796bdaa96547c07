-- lib_settle: what becomes of an agent after a change. Follows lib_match.

local PAGE = 100

-- oldest returns the call that waits longest of all that the agent may serve: the
-- first of the agent's own lane, or of the first lane that the profile serves.
local function oldest(id, a)
  local own = redis.call('ZRANGE', key('lane', '@' .. id), 0, 0, 'WITHSCORES')
  local call, lane, score = own[1], '@' .. id, tonumber(own[2] or nil)
  local from = 0
  while a.profile do
    local page = redis.call('ZRANGE', PREFIX .. 'lanes', from, from + PAGE - 1, 'WITHSCORES')
    for i = 1, #page, 2 do
      local s = tonumber(page[i + 1])
      if call and s > score then return call, lane end
      if redis.call('HEXISTS', key('serves', page[i]), a.profile) == 1 then
        local head = redis.call('ZRANGE', key('lane', page[i]), 0, 0)[1]
        if head and (not call or s < score or head < call) then call, lane, score = head, page[i], s end
      end
    end
    if #page < 2 * PAGE then return call, lane end
    from = from + PAGE
  end
  return call, lane
end

-- wanted returns the call that the agent is to get, its record and the rules of
-- its queue. Members of lanes that are no waiting call are dropped.
local function wanted(id, a)
  for _ = 1, TRIES do
    local call, lane = oldest(id, a)
    if not call then return nil end
    local c = load(CALLS, call)
    local r = c and c.rings and c.rings[c.at or 0]
    local q = r and r.lane == lane and rules(key('serves', r.table))
    if q then standing(call, c) end
    if q and room(c, q) > 0 then return call, c, q end
    drop(lane, call)
  end
end

-- settle stores the agent and, when eligible, finds a call or takes the places
-- in the idle sets; returns the offer as text, or ''.
local function settle(id, a, unique)
  if not eligible(a) then
    unlist(id, a.profile, a.facts)
    save(AGENTS, id, a)
    return ''
  end
  local call, c, q = wanted(id, a)
  if call then return offer(id, a, call, c, q, unique, true) end
  list(id, a)
  save(AGENTS, id, a)
  return ''
end
