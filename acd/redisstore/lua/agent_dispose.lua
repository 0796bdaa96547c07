-- agent_dispose: say how the current or last call ended; ends wrap-up; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] of each {queue: Given}, '*' for any other queue   ARGV[4] who asked
-- ARGV[5] Station       ARGV[6] unique part of the offer's id
-- ARGV[7] how long the phone that asked may be in that call, ms; 0: it was not the agent's phone
-- ARGV[8] {queue: how many at once}, one where it is not in it   ARGV[9] notes or ''
-- Returns {outcome, state, offer or ''}; outcome is ok, later, refused or nothing; or {bad_disposition or several
-- (too many), state, '', '', which of ARGV[3] it is of, the call's queue}.
local id, means, by = ARGV[2], cjson.decode(ARGV[3]), ARGV[4]
local a = known(id, cjson.decode(ARGV[5]))
local talking = a.state == 'talking'
local o = talking and a.offer and load(OFFERS, a.offer)
local queue = o and o.of or talking and a.queue or a.last_queue
if not queue then return {a.state == 'offline' and 'refused' or 'nothing', a.state, ''} end
local given, had, notes = {}, {}, ARGV[9] ~= '' and ARGV[9] or nil
local most, over = cjson.decode(ARGV[8])[queue] or 1, nil
for i, m in ipairs(means) do
  local g = m[queue] or m['*']
  if not g then return {'bad_disposition', a.state, '', '', i, queue} end
  if not had[g.name] then given[#given + 1] = g end
  had[g.name] = true
  if #given > most then over = over or i end
end
if over then return {'several', a.state, '', '', over, queue} end
if talking then
  a.disposition, a.disposed_by, a.outcomes, a.notes = given[1].name, by, given, notes
  save(AGENTS, id, a)
  return {'later', a.state, ''}
end
disposed(id, a, a.last_call, queue, given, by, notes)
a.last_call, a.last_queue = nil, nil
if a.state ~= 'wrapup' then
  save(AGENTS, id, a)
  return {'ok', a.state, ''}
end
depart(id, a, 'wrapped', nil, by)
on_phone(id, a, tonumber(ARGV[7]))
local made = settle(id, a, ARGV[6])
return {'ok', a.state, made}
