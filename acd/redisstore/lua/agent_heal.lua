-- agent_heal: mend what does not fit about an agent; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] Station   ARGV[4] unique part of the offer's id
-- Returns {1, offer or ''} when something was mended, {0, ''} when all fits.
local id, station = ARGV[2], cjson.decode(ARGV[3])
local a = load(AGENTS, id)
local mended = false
if not a then
  a = revived(id, station)
  mended = a ~= nil
end
if not a then -- nobody must find who has no record
  return {unlist(id, station.profile, table.concat(station.facts, ',')) and 1 or 0, ''}
end

local busy = a.state == 'reserved' or a.state == 'talking'
local o = a.offer and load(OFFERS, a.offer)
local holds = busy and o and o.agent == id and (o.answered or false) == (a.state == 'talking')
if not holds and (busy or a.offer) then -- held by an offer that does not exist
  if a.offer and not o then redis.call('ZREM', due(a.pbx), 'offer:' .. a.offer) end
  if busy then depart(id, a, 'release', 'lost') end
  part(a)
  mended = true
end

if a.state == 'wrapup' then a.due = a.due or now end
local ahead = a.since - now
if ahead > 1000 then -- a clock was put back: what began in the future has begun now, and is over as long after it
  a.since, a.due, a.rest, a.rest_min = now, a.due and a.due - ahead, a.rest and a.rest - ahead, a.rest_min and a.rest_min - ahead
  redis.call('ZREM', due(a.pbx), 'wrap:' .. id, 'rest:' .. id)
  mended = true
end
for kind, at in pairs({wrap = not a.owed and a.due or nil, rest = a.rest, pause = a.pause_look, look = a.look and now}) do
  if redis.call('ZADD', due(a.pbx), 'NX', at, kind .. ':' .. id) == 1 then mended = true end
end
local here = a.state ~= 'offline' and a.next_by ~= 'reload' -- who is to leave is no staff any more
mended = enrol(id, a, here) or mended
for set in names(a.away) do
  if redis.call('SISMEMBER', key('away', set), id) == 0 then a.away, mended = nil, true end -- save counts it
end
mended = mended or a.away ~= away_as(a) or a.counted ~= counts_as(a) or listed(id, a) ~= eligible(a) or (eligible(a) and wanted(id, a) ~= nil)
if not mended then return {0, ''} end
return {1, settle(id, a, ARGV[4])}
