-- agent_device: the PBX tells the state of the agent's phone; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] device state   ARGV[4] Station   ARGV[5] unique part of the offer's id
-- Returns {1, offer or ''} when something changed, {0, ''} when not.
local id, device, station = ARGV[2], ARGV[3], cjson.decode(ARGV[4])
local a = known(id, station)
local usable = device == 'free' or device == 'unknown'
local moved = a.endpoint ~= station.endpoint or a.pbx ~= station.pbx
if moved and (a.state ~= 'offline' or not in_force(station.defs)) then return {0, ''} end -- about to be logged out at the old phone, or never there
if a.device == device and not a.hearsay and not moved then return {0, ''} end
if moved then adopt(a, station) end
a.device, a.device_at, a.hearsay = device, now, nil
-- A phone that says busy to us while the PBX calls it free would be tried
-- without end: a sign of life shortens the rest, but never below rest_min.
if a.rest and usable and a.rest_min <= now then
  wake(id, a)
elseif a.rest and usable and a.rest_min < a.rest then
  a.rest = a.rest_min
  redis.call('ZADD', due(a.pbx), a.rest, 'rest:' .. id)
end
-- During our own call the phone is busy because of us: nothing new to anybody.
if not a.offer then tell(id, a, a.state) end
return {1, settle(id, a, ARGV[5])}
