-- agent_extend: more time for wrap-up, as far as the call's queue lets it; uses lib_agent, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] Station   ARGV[4] who asked
-- Returns {outcome, state, ''}; outcome is ok, nothing (no wrap-up), no_more or refused.
local id, by = ARGV[2], ARGV[4]
local a = known(id, cjson.decode(ARGV[3]))
if a.state ~= 'wrapup' then return {a.state == 'offline' and 'refused' or 'nothing', a.state, ''} end
local till = math.min(a.due + (a.more_ms or 0), a.since + (a.most_ms or 0))
if till <= a.due or a.owed then return {'no_more', a.state, ''} end
a.due = till
redis.call('ZADD', due(a.pbx), till, 'wrap:' .. id)
tell(id, a, a.state, by)
save(AGENTS, id, a)
return {'ok', a.state, ''}
