-- offer_ring: the phone alerts; the offer's time runs from now; uses lib_agent.
-- KEYS as in lib_agent, of no queue.
-- ARGV[2] offer id   ARGV[3] life of the offer from now, ms
-- Returns 1 when noted, 0 when there is no such offer or it is answered.
local o = load(OFFERS, ARGV[2])
if not o or o.answered then return 0 end
if o.ringing then return 1 end
o.ringing, o.due = now, now + tonumber(ARGV[3])
redis.call('HSET', OFFERS, ARGV[2], cjson.encode(o))
redis.call('ZADD', DUE, o.due, 'offer:' .. ARGV[2])
return 1
