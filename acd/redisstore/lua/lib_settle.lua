-- lib_settle: what becomes of an agent after a change. Follows lib_oldest.

-- wanted returns the call that the agent is to get, its record and the rules of
-- its queue, and behind which lane others are left. Members of lanes that are no waiting call are dropped.
local function wanted(id, a, score_last, lane_last)
  for _ = 1, TRIES do
    local call, lane, score_rest, lane_rest = oldest(id, a, score_last, lane_last)
    if not call then return nil, nil, nil, score_rest, lane_rest end
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
local function settle(id, a, unique, score_last, lane_last)
  a.look, a.look_lane = nil, nil
  if not eligible(a) then
    unlist(id, a.profile, a.facts)
    save(AGENTS, id, a)
    return ''
  end
  local call, c, q, score_rest, lane_rest = wanted(id, a, score_last, lane_last)
  if call then return offer(id, a, call, c, q, unique, true) end
  if score_rest then
    a.look, a.look_lane = score_rest, lane_rest
    redis.call('ZADD', due(a.pbx), now, 'look:' .. id)
  end
  list(id, a)
  save(AGENTS, id, a)
  return ''
end
