-- call_relax: a call has waited long enough for its next ring, or for an agent who is at work no more; uses lib_agent, lib_match.
-- KEYS as in lib_agent.
-- ARGV[2] call id   ARGV[3] unique part of the offer's id
-- One that has not waited long enough gets its deadline back.
-- While phones ring for it, whoever is found is rung beside them.
-- Returns {1, offer or ''}, {0, ''} when it does not wait, or not for another ring.
local call = ARGV[2]
local c = load(CALLS, call)
if not c or (c.at or 0) == 0 or not c.rings[c.at + 1] then return {0, ''} end
if ring(c) <= c.at then
  redis.call('ZADD', due(c.pbx), c.since + c.rings[c.at + 1].after, 'ring:' .. call)
  return {1, ''}
end
unwait(call, c)
standing(call, c)
local found = seek(call, c, ARGV[3])
if found == '' then stay(call, c) end
return {1, found}
