-- agent_index: the agent's station changed; take the new places; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent, of the agent's queues and then of those held before.
-- ARGV[2] agent id   ARGV[3] Station   ARGV[4] unique part of the offer's id
-- Returns {1, offer or ''}, {0, ''} when there is no such agent.
local id, station = ARGV[2], cjson.decode(ARGV[3])
local a = load(AGENTS, id)
if not a then return {0, ''} end
for i = 1, QUEUES do
  redis.call('ZREM', idle(i), id)
  redis.call('SREM', staff(i), id)
end
adopt(a, station)
if a.next_by == 'reload' then a.next, a.next_why, a.next_by = nil, nil, nil end -- defined again
for i = 1, #station.queues do
  if a.state ~= 'offline' then redis.call('SADD', staff(i), id) end
end
return {1, settle(id, a, station, ARGV[4])}
