-- offer_heal: look whether agent and call of an offer know of it; set its deadline again; uses lib_agent, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] offer id
-- Returns 'whole', 'mended' when the deadline was missing, 'no_agent' or 'no_call'
-- when the one named is not held by it.
local o = load(OFFERS, ARGV[2])
if not o then return 'whole' end
local a = holder(o.agent, ARGV[2])
if not a or (o.answered or false) ~= (a.state == 'talking') then return 'no_agent' end
if o.answered then return 'whole' end
local c = load(CALLS, o.call)
if not c or not has(c, ARGV[2]) then return 'no_call' end
local set = redis.call('ZADD', due(o.pbx), 'NX', o.due or now, 'offer:' .. ARGV[2])
return set == 1 and 'mended' or 'whole'
