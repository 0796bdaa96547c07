-- agent_index: the agent's station changed; take the new places; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] Station   ARGV[4] unique part of the offer's id
-- ARGV[5] print of the definitions that say so
-- Returns {1, offer or ''}, {0, ''} when there is no such agent, or other definitions are in force.
local id, station = ARGV[2], cjson.decode(ARGV[3])
local a = load(AGENTS, id)
if not a or not in_force(ARGV[5]) then return {0, ''} end
unlist(id, a.profile, a.facts)
if not a.profile then -- of an operadora before profiles
  for queue in names(a.queues) do redis.call('ZREM', key('idle', queue .. '@' .. a.pbx), id) end
end
enrol(id, a, false)
adopt(a, station)
redis.call('SREM', PREFIX .. 'leaving', id)
if a.next_by == 'reload' then forget(a) end -- defined again
if a.state ~= 'offline' then enrol(id, a, true) end
return {1, settle(id, a, ARGV[4])}
