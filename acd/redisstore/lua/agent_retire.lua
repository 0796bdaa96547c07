-- agent_retire: log an agent out whose definition is gone or whose phone changed; uses lib_agent, lib_match.
-- A record that is free is forgotten; one with a call when that is over and the next reload sees it.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] why   ARGV[4] print of the definitions that say so
-- Returns 'gone' when forgotten, 'later' when it has a call, 'stays' when other definitions are in force.
local id = ARGV[2]
local a = load(AGENTS, id)
if not a then return 'gone' end
if not in_force(ARGV[4]) then return 'stays' end
unlist(id, a.profile, a.facts)
enrol(id, a, false)
local later = LATER[a.state] and LATER[a.state].logout
if later then
  a.next, a.next_why, a.next_by, a.print = later, ARGV[3], 'reload', nil
  save(AGENTS, id, a)
  redis.call('SADD', PREFIX .. 'leaving', id)
  return 'later'
end
move(id, a, 'logout', ARGV[3], 'reload')
redis.call('ZREM', due(a.pbx), 'rest:' .. id)
redis.call('SREM', PREFIX .. 'leaving', id)
drop_agent(id, a)
return 'gone'
