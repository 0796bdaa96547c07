-- agent_wake: a wrap-up or a rest is over, or what the day allows of a pause; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] wrap, rest or pause   ARGV[4] unique part of the offer's id
-- One that is not over yet gets its deadline back.
-- Returns {1, offer or ''}, {0, ''} when there is none.
local id, kind = ARGV[2], ARGV[3]
local a = load(AGENTS, id)
if not a then return {0, ''} end
if kind == 'wrap' then
  if a.state ~= 'wrapup' then return {0, ''} end
  if a.due > now then
    redis.call('ZADD', due(a.pbx), a.due, 'wrap:' .. id)
    return {1, ''}
  end
  if a.owes then -- it goes on, by its own clock
    a.owed, a.reason = true, 'outcome'
    redis.call('ZREM', due(a.pbx), 'wrap:' .. id)
    tell(id, a, a.state)
  else
    depart(id, a, 'wrapped')
  end
elseif kind == 'pause' then
  if not a.pause_due then return {0, ''} end
  if a.pause_due > now then
    redis.call('ZADD', due(a.pbx), a.pause_due, 'pause:' .. id)
    return {1, ''}
  end
  redis.call('ZREM', due(a.pbx), 'pause:' .. id)
  a.pause_due, a.over = nil, 'time'
  tell(id, a, a.state)
else
  if not a.rest then return {0, ''} end
  if a.rest > now then
    redis.call('ZADD', due(a.pbx), a.rest, 'rest:' .. id)
    return {1, ''}
  end
  local told = a.device
  wake(id, a)
  if a.device ~= told and not a.offer then tell(id, a, a.state) end
end
return {1, settle(id, a, ARGV[4])}
