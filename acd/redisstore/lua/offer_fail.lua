-- offer_fail: an offer came to nothing, also one that was answered but not joined; call and agent are
-- matched anew; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] offer id              ARGV[3] why, an OfferFailure   ARGV[4] agent id
-- ARGV[5] {"misses","rest_ms","rest_long_ms","rest_most_ms","tell","unanswered","keep_ms": as in call_leave}
-- ARGV[6] unique part of the id of the call's next offer
-- ARGV[7] unique part of the id of the agent's next offer
-- Returns {1, the call's offer or '', the agent's offer or '', position, 1 when it was answered}, {0} when not in force, or answered and to be spared then.
local offer_id, why = ARGV[2], ARGV[3]
local set = cjson.decode(ARGV[5])
local o = load(OFFERS, offer_id)
local id = o and o.agent or ARGV[4]
local a = holder(id, offer_id)
if not o and not a then return {0} end
if set.unanswered and o and o.answered then return {0} end
if set.tell and o then post(o.pbx, 'gone', redis.call('HGET', OFFERS, offer_id), 'why', why) end
o = o or {call = a.call or '', pbx = a.pbx, answered = a.state == 'talking'} -- lost by the store, but the agent is still held by it
local c = load(CALLS, o.call)
if o.answered then -- taken up but never joined; unless the call entered a queue anew, it gets its old place
  if c then c = nil else c = o.queued end
elseif c and c.offer ~= offer_id then
  c = nil
end
redis.call('HDEL', OFFERS, offer_id)
untake(o.call, offer_id)
redis.call('ZREM', due(o.pbx), 'offer:' .. offer_id)

local mine = ''
if a then
  if why == 'no_answer' or why == 'rejected' then
    a.misses, a.free_since = (a.misses or 0) + 1, now
  end
  if why ~= 'cancelled' then
    a.rest_min, a.rest, a.rest_for = now + set.rest_ms, now + set.rest_ms, why
    if why == 'busy' or why == 'unreachable' then -- each time in a row twice as long
      a.refusals = (a.refusals or 0) + 1
      local times = 2 ^ math.min(a.refusals - 1, 20)
      a.device, a.device_at, a.hearsay = why, now, true
      a.rest = now + math.min(set.rest_long_ms * times, set.rest_most_ms)
      if why == 'busy' then a.rest_min = now + math.min(set.rest_ms * times, set.rest_most_ms) end
    else
      a.refusals = nil
    end
    redis.call('ZADD', due(a.pbx), a.rest, 'rest:' .. id)
  end
  local missed = set.misses > 0 and a.misses >= set.misses
  if missed and not a.next then a.next, a.next_why, a.next_by = 'pause_due', 'missed', 'operadora' end
  depart(id, a, 'release', why ~= 'cancelled' and why or nil)
  part(a)
  mine = settle(id, a, ARGV[7])
end

if why == 'cancelled' and not o.answered and c then left(o.call, c, set.keep_ms) end
if why == 'cancelled' or not c then return {1, '', mine, 0} end
c.offer = nil
local made, answered = seek(o.call, c, ARGV[6]), o.answered and 1 or 0
if made ~= '' then return {1, made, mine, 0, answered} end
await(o.call, c)
return {1, '', mine, redis.call('ZRANK', waiting(c), o.call) + 1, answered}
