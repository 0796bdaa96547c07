-- agent_dial: hold an agent for a call that the agent makes, or takes over; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] agent id   ARGV[3] Station   ARGV[4] the offer that is to hold the agent, an OfferRecord
-- ARGV[5] '1': the agent's phone is in the call already   ARGV[6] '1': the agent must be free
-- Returns {'ok', offer}, also when the agent is held for that call already; {the agent's state} when
-- logged out or in a call, {'phone_busy'} when the phone is in another one, {'owes'} when the last call needs a disposition.
local id, o = ARGV[2], cjson.decode(ARGV[4])
local a = known(id, cjson.decode(ARGV[3]))
local before = a.offer and load(OFFERS, a.offer)
if before and before.call == o.call and before.answered then return {'ok', redis.call('HGET', OFFERS, a.offer)} end
if a.offer or not NEXT[a.state].talk then return {a.state} end
if a.owes then return {'owes'} end
if ARGV[6] == '1' and not eligible(a) then return {a.state == 'available' and 'phone_busy' or a.state} end
if a.device == 'busy' and not a.hearsay and ARGV[5] ~= '1' then return {'phone_busy'} end
if a.state == 'paused' then a.next, a.next_why, a.again = 'pause_due', a.reason, true end -- as before, once it is over
hold(id, a, o)
redis.call('HSET', OFFERS, o.id, ARGV[4])
return {'ok', ARGV[4]}
