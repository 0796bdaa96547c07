-- agent_wake: a wrap-up or a rest is over, or what the day allows of a pause, or lanes are left to be looked at; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] wrap, rest, pause or look   ARGV[4] unique part of the offer's id
-- ARGV[5] of pauses, by reason, an Allowance: they are looked at anew; else null
-- One that is not over yet gets its deadline back.
-- Returns {1, offer or ''}, {0, ''} when there is none.
local id, kind, score, lane = ARGV[2], ARGV[3], nil, nil
local UNLIMITED = {from = 0, to = now + 86400000, times = 0, per_day_ms = 0, at_once = 0}
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
  local allow, why = cjson.decode(ARGV[5]), a.state == 'paused' and a.reason or a.next == 'pause_due' and a.next_why
  local b, over, till = breaks(id), a.over, a.pause_due
  local e = why and (b[why] or allow[why]) and limited(b, why, allow[why] or UNLIMITED)
  if e then keep(id, b) end
  if a.state ~= 'paused' then return {0, ''} end
  watch(id, a, e)
  if a.over ~= over or a.pause_due ~= till then tell(id, a, a.state) end
elseif kind == 'look' then
  score, lane = a.look, a.look_lane
  if not score then return {0, ''} end
  redis.call('ZREM', due(a.pbx), 'look:' .. id)
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
return {1, settle(id, a, ARGV[4], score, lane)}
