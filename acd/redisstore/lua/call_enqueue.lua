-- call_enqueue: take a call into a queue for one visit and look for an agent; uses lib_agent, lib_match.
-- A call that is in another queue, or by an earlier visit, moves.
-- KEYS as in lib_agent, of the one queue.
-- ARGV[2] call id       ARGV[3] CallRecord   ARGV[4] the queue, a QueueRules
-- ARGV[5] most that may wait, 0 unlimited    ARGV[6] '1': refuse when nobody is logged in
-- ARGV[7] unique part of the offer's id
-- Returns {result, offer or '', position}, with the answered offer when an agent has taken it; 'out' when it is there by a later visit,
-- {'elsewhere', '', 0, visit} when an offer from where it is has to be taken back first.
local call, c, q = ARGV[2], cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
local before = load(CALLS, call)
local same = before and before.queue == c.queue and before.pbx == c.pbx and (before.visit or 0) == (c.visit or 0)
if before then
  if (before.visit or 0) > (c.visit or 0) then return {'out', '', 0} end
  if standing(call, before) then
    if not same then return {'elsewhere', '', 0, before.visit or 0} end
    return {'offered', redis.call('HGET', OFFERS, before.offer), 0}
  end
  local rank = same and redis.call('ZRANK', waiting(1), call)
  if rank then return {'waiting', '', rank + 1} end
end
local taken = redis.call('HGET', TAKEN, call)
local o = taken and load(OFFERS, taken)
if o and o.call == call and o.queue == c.queue and (o.visit or 0) == (c.visit or 0) then -- an agent has answered since it was asked
  return {'offered', redis.call('HGET', OFFERS, taken), 0}
end
if not same then
  local most = tonumber(ARGV[5])
  if most > 0 and redis.call('ZCARD', waiting(1)) >= most then return {'full', '', 0} end
  local staff = set_of('staff', c.queue, c.pbx)
  if ARGV[6] == '1' and redis.call('SCARD', staff) == 0 then return {'no_agents', '', 0} end
end
if before then redis.call('ZREM', set_of('waiting', before.queue, before.pbx), call) end
local made = seek(call, c, 1, q, ARGV[7])
if made ~= '' then return {'offered', made, 0} end
redis.call('ZADD', waiting(1), c.score, call)
save(CALLS, call, c)
return {'waiting', '', redis.call('ZRANK', waiting(1), call) + 1}
