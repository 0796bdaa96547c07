-- call_enqueue: take a call into a queue and look for an agent; uses lib_agent, lib_match.
-- KEYS as in lib_agent, of the one queue.
-- ARGV[2] call id       ARGV[3] CallRecord   ARGV[4] the queue, a QueueRules
-- ARGV[5] most that may wait, 0 unlimited    ARGV[6] '1': refuse when nobody is logged in
-- ARGV[7] unique part of the offer's id
-- Returns {result, offer or '', position}; {'elsewhere', queue, pbx} when it is in another queue.
local call, c, q = ARGV[2], cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
local before = load(CALLS, call)
if before then
  if before.queue ~= c.queue or before.pbx ~= c.pbx then
    return {'elsewhere', before.queue, before.pbx}
  end
  if before.offer then
    return {'offered', redis.call('HGET', OFFERS, before.offer) or '', 0}
  end
  return {'waiting', '', (redis.call('ZRANK', waiting(1), call) or -1) + 1}
end
local most = tonumber(ARGV[5])
if most > 0 and redis.call('ZCARD', waiting(1)) >= most then return {'full', '', 0} end
if ARGV[6] == '1' and redis.call('SCARD', staff(1)) == 0 then return {'no_agents', '', 0} end
local made = seek(call, c, 1, q, ARGV[7])
if made ~= '' then return {'offered', made, 0} end
redis.call('ZADD', waiting(1), c.score, call)
save(CALLS, call, c)
return {'waiting', '', redis.call('ZRANK', waiting(1), call) + 1}
