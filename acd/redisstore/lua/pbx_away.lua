-- pbx_away: nobody can command a PBX: its calls that wait are found by no agent, and agents are rung
-- for none of them, until it is back; uses lib_agent, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] PBX   ARGV[3] epoch of the lease under which it is told   ARGV[4] most calls that are taken out by one step
-- ARGV[5] unique part of the ids of the next offers of those who were rung
-- Returns {1, how many calls were taken out, 1 when that it is away is new}, {0} when it was told of under a later epoch.
local pbx, epoch = ARGV[2], tonumber(ARGV[3])
local last, since = presence(pbx)
if last > epoch then return {0} end
local new = since == 0 and 1 or 0
if new == 1 then since = now end
redis.call('HSET', PRESENCE, pbx, ('%.0f %.0f'):format(epoch, since))
local calls, offers = redis.call('ZRANGE', key('present', pbx), 0, tonumber(ARGV[4]) - 1), {}
for _, call in ipairs(calls) do
  local c = load(CALLS, call)
  if c and c.pbx == pbx then
    standing(call, c)
    for _, id in ipairs(offers_of(c)) do offers[#offers + 1] = id end
    unwait(call, c)
    set_offers(c, {})
    await(call, c)
  else
    redis.call('ZREM', key('present', pbx), call)
  end
end
spare(offers, 'error', ARGV[5])
return {1, #calls, new}
