-- pbx_back: a PBX is there, also again: calls of it that were out of agents' reach have their places back; uses lib_agent, lib_match.
-- KEYS as in lib_agent.
-- ARGV[2] PBX   ARGV[3] epoch of the lease under which it is told   ARGV[4] those calls, as JSON
-- ARGV[5] unique part of the ids of their offers
-- Returns {1, how many calls were put back, 1 when that it is there is new}, {0} when it was told of under a later epoch.
local pbx, epoch, n = ARGV[2], tonumber(ARGV[3]), 0
local last, since = presence(pbx)
if last > epoch then return {0} end
redis.call('HSET', PRESENCE, pbx, ('%.0f 0'):format(epoch))
for _, call in ipairs(cjson.decode(ARGV[4])) do
  local c = load(CALLS, call)
  if c and c.pbx == pbx and c.away then
    unwait(call, c)
    if seek(call, c, ARGV[5]) == '' then stay(call, c) end
    n = n + 1
  elseif not c or c.pbx ~= pbx then
    redis.call('ZREM', key('stranded', pbx), call)
  end
end
return {1, n, since > 0 and 1 or 0}
