-- agent_change: login, logout, pause, resume, or wrapped: the end of wrap-up; uses lib_agent, lib_settle, lib_allow.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] trigger   ARGV[4] reason or ''   ARGV[5] who asked
-- ARGV[6] Station       ARGV[7] unique part of the offer's id
-- ARGV[8] how long the phone that asked may be in that call, ms; 0: it was not the agent's phone
-- ARGV[9] of a pause for a reason that is defined: an Allowance; else ''
-- Returns {outcome, state, offer or '', limit that a pause is beyond or ''}; outcome is ok, later, over, owes (a disposition), refused,
-- or behind: the station is not of the definitions in force, and the agent has no places by those on record.
local id, trigger, why, by = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local station = cjson.decode(ARGV[6])
local a = known(id, station)
local current = in_force(station.defs)
if trigger == 'login' and not current and not a.print then return {'behind', a.state, ''} end
if why == '' then why = nil end
local owes = a.state == 'wrapup' and a.owes -- a disposition comes before anything else
local later = LATER[owes and 'talking' or a.state] and LATER[owes and 'talking' or a.state][trigger]
local same = trigger == 'pause' and a.state == 'paused' and a.reason == why
if same or not later and not NEXT[a.state][trigger] and trigger ~= 'resume' then return {'refused', a.state, ''} end
local back = trigger == 'pause' and a.again and a.next == 'pause_due' and a.next_why == why -- to the pause that a call interrupts
local over, took
if ARGV[9] ~= '' and not back then
  local allow = cjson.decode(ARGV[9])
  over, took = beyond(id, a, why, allow)
  if over and allow.refuse then return {'over', a.state, '', over} end
  keep(id, took)
end
if later then
  a.next, a.next_why, a.next_by, a.again = later, why, by, back or nil
  tell(id, a, a.state, by)
  save(AGENTS, id, a)
  return {'later', a.state, '', over or ''}
end
if trigger == 'resume' and a.next and (not why or a.next_why == why) then
  forget(a)
  if why or owes or a.state ~= 'wrapup' then -- there it also ends wrap-up
    tell(id, a, a.state, by)
    save(AGENTS, id, a)
    return {'ok', a.state, ''}
  end
end
if owes then return {'owes', a.state, ''} end
-- A permanent line pauses who is not paused, and makes ready whom it paused.
if trigger == 'resume' and why and not (a.state == 'paused' and a.reason == why) then return {'refused', a.state, ''} end
if trigger == 'pause' and why == 'line' and a.state == 'paused' then return {'refused', a.state, ''} end
if not NEXT[a.state][trigger] then return {'refused', a.state, ''} end
if trigger == 'login' and current then adopt(a, station) end
if trigger == 'login' or trigger == 'resume' then
  wake(id, a)
  a.misses, a.refusals = 0, nil
end
if trigger == 'login' then a.last_call, a.last_queue = nil, nil end
if trigger ~= 'wrapped' then forget(a) end -- the wish replaces what was remembered
if trigger == 'pause' and not back then a.again = nil end
depart(id, a, trigger, why, by)
on_phone(id, a, tonumber(ARGV[8]))
local made = settle(id, a, ARGV[7])
return {'ok', a.state, made, over or ''}
