-- lib_settle: what becomes of an agent after a change. Follows lib_match.

local PAGE, AT_ONCE = 100, 1000 -- lanes

-- oldest returns the call that waits longest of all that the agent may serve: the
-- first of the agent's own lane, or of the first lane that the profile serves, of as many as are looked at
-- at once from a score on; and the score from which on others are left.
local function oldest(id, a, from)
  local own = redis.call('ZRANGE', key('lane', '@' .. id), 0, 0, 'WITHSCORES')
  local call, lane, score, last = own[1], '@' .. id, tonumber(own[2] or nil), nil
  for n = 0, a.profile and AT_ONCE - 1 or -1, PAGE do
    local page = redis.call('ZRANGEBYSCORE', PREFIX .. 'lanes', from or '-inf', '+inf', 'WITHSCORES', 'LIMIT', n, PAGE)
    for i = 1, #page, 2 do
      local s = tonumber(page[i + 1])
      if call and s > score then return call, lane end
      if redis.call('HEXISTS', key('serves', page[i]), a.profile) == 1 then
        local head = redis.call('ZRANGE', key('lane', page[i]), 0, 0)[1]
        if head and (not call or s < score or head < call) then call, lane, score = head, page[i], s end
      end
      last = page[i + 1]
    end
    if #page < 2 * PAGE then return call, lane end
  end
  return call, lane, last == from and '(' .. last or last
end

-- wanted returns the call that the agent is to get, its record and the rules of
-- its queue, and from which score on lanes are left. Members of lanes that are no waiting call are dropped.
local function wanted(id, a, from)
  for _ = 1, TRIES do
    local call, lane, rest = oldest(id, a, from)
    if not call then return nil, nil, nil, rest end
    local c = load(CALLS, call)
    local r = c and c.rings and c.rings[c.at or 0]
    local q = r and r.lane == lane and rules(key('serves', r.table))
    if q then standing(call, c) end
    if q and room(c, q) > 0 then return call, c, q end
    drop(lane, call)
  end
end

-- settle stores the agent and, when eligible, finds a call or takes the places
-- in the idle sets, where calls find the agent while lanes are left to be looked at; returns the offer as text, or ''.
local function settle(id, a, unique, from)
  a.look = nil
  if not eligible(a) then
    unlist(id, a.profile, a.facts)
    save(AGENTS, id, a)
    return ''
  end
  local call, c, q, rest = wanted(id, a, from)
  if call then return offer(id, a, call, c, q, unique, true) end
  if rest then
    a.look = rest
    redis.call('ZADD', due(a.pbx), now, 'look:' .. id)
  end
  list(id, a)
  save(AGENTS, id, a)
  return ''
end
