-- lib_state: how an agent moves, and what is told of it. Follows lib_outcome.
-- ARGV[1] as in lib_agent

local function fresh() return {state = 'offline', since = now, device = 'unknown', misses = 0} end

local function journal(kind, agent, a, data)
  journal_add(KEYS[4], kind, ARGV[1], a.call, agent, a.queue, a.pbx, cjson.encode(data))
end

-- tell writes the agent's state to the journal, without a change when from is its state.
local function tell(id, a, from, by)
  journal('agent.state', id, a, {from = from, to = a.state, reason = a.reason, device = a.device, call = a.call, by = by,
    ['until'] = a.state == 'wrapup' and a.due or a.pause_due, over = a.over, next = a.next and a.next:match('^(%a+)_due$'), next_reason = a.next_why, rest_until = a.rest, rest_for = a.rest_for})
end

-- let_go has calls that wait for an agent alone, who is at work no more, look for others.
local function let_go(id)
  for _, call in ipairs(redis.call('ZRANGE', key('lane', '@' .. id), 0, 999)) do
    local c = load(CALLS, call)
    local at = c and c.rings and c.at or 0
    if at > 0 and c.rings[at + 1] then redis.call('ZADD', due(c.pbx), now, 'ring:' .. call) end
  end
end

-- move takes the agent through the table; false, with nothing done, when there is no such row.
local function move(id, a, trigger, why, by)
  local from, to = a.state, NEXT[a.state][trigger]
  if not to then return false end
  if from == 'paused' then ended(id, a) end
  a.state, a.since, a.reason = to, now, why
  occupy(a, from, to)
  if from == 'wrapup' then wrapped(id, a) end
  if to == 'available' and from ~= 'reserved' then a.free_since = now end
  if from == 'offline' then a.served = 0 end
  if from == 'offline' or to == 'offline' then enrol(id, a, to ~= 'offline') end
  if to == 'offline' or to == 'paused' then let_go(id) end
  if to == 'paused' then began(id, a) end
  if to ~= 'talking' and to ~= 'wrapup' then a.again = nil end
  tell(id, a, from, by)
  if to == 'available' then a.reason = nil end -- a reason is of a pause; what freed the agent is in the journal
  return true
end

-- wake ends a rest. What was only inferred of the phone is forgotten with it.
local function wake(id, a)
  if a.hearsay then a.device, a.hearsay = 'unknown', nil end
  a.rest, a.rest_min, a.rest_for = nil, nil, nil
  redis.call('ZREM', due(a.pbx), 'rest:' .. id)
end
