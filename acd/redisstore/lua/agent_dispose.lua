-- agent_dispose: say how the current or last call ended; ends wrap-up; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] {queue: disposition}, '*' for any other queue   ARGV[4] who asked
-- ARGV[5] Station       ARGV[6] unique part of the offer's id
-- ARGV[7] how long the phone that asked may be in that call, ms; 0: it was not the agent's phone
-- Returns {outcome, state, offer or ''}; outcome is ok, later, refused, nothing or bad_disposition.
local id, means, by = ARGV[2], cjson.decode(ARGV[3]), ARGV[4]
local a = known(id, cjson.decode(ARGV[5]))
local talking = a.state == 'talking'
local o = talking and a.offer and load(OFFERS, a.offer)
local queue = o and o.of or talking and a.queue or a.last_queue
if not queue then return {a.state == 'offline' and 'refused' or 'nothing', a.state, ''} end
local disposition = means[queue] or means['*']
if not disposition then return {'bad_disposition', a.state, ''} end
if talking then
  a.disposition, a.disposed_by = disposition, by
  save(AGENTS, id, a)
  return {'later', a.state, ''}
end
journal('agent.disposed', id, {call = a.last_call, queue = queue, pbx = a.pbx},
  {call = a.last_call, queue = queue, disposition = disposition, by = by})
a.last_call, a.last_queue = nil, nil
if a.state ~= 'wrapup' then
  save(AGENTS, id, a)
  return {'ok', a.state, ''}
end
depart(id, a, 'wrapped', nil, by)
on_phone(id, a, tonumber(ARGV[7]))
local made = settle(id, a, ARGV[6])
return {'ok', a.state, made}
