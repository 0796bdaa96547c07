-- offer_fail: an offer came to nothing, also one that was answered but not joined; call and agent are
-- matched anew; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] offer id              ARGV[3] why, an OfferFailure   ARGV[4] agent id
-- ARGV[5] {"misses","rest_ms","rest_long_ms","rest_most_ms","tell","unanswered","keep_ms": as in call_leave}
-- ARGV[6] unique part of the id of the call's next offer   ARGV[7] of the agent's
-- Returns {1, the call's offer or '', the agent's offer or '', position or 0 while others are rung, 1 when it was answered}, {0} when not in force, or answered and to be spared then.
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
elseif c and not has(c, offer_id) then
  c = nil
end
redis.call('HDEL', OFFERS, offer_id)
untake(o.call, offer_id)
redis.call('ZREM', due(o.pbx), 'offer:' .. offer_id)
local others = {}
if why == 'cancelled' and not o.answered and c then -- first: nobody who gets free now is to find it
  standing(o.call, c)
  others = offers_of(c)
  unwait(o.call, c)
  left(o.call, c, set.keep_ms)
elseif why == 'elsewhere' and not o.answered and c then -- its agent may be the next for it
  standing(o.call, c)
  unwait(o.call, c)
  stay(o.call, c)
end

local mine = ''
if a then
  if why == 'no_answer' or why == 'rejected' then
    a.misses, a.free_since = (a.misses or 0) + 1, now
  end
  if why ~= 'cancelled' and why ~= 'elsewhere' then rest(id, a, why, set, o.at or now) end
  local missed = set.misses > 0 and a.misses >= set.misses
  if missed and not a.next then a.next, a.next_why, a.next_by = 'pause_due', 'missed', 'operadora' end
  depart(id, a, 'release', why ~= 'cancelled' and why or nil)
  part(a)
  mine = settle(id, a, ARGV[7])
end

spare(others, why, ARGV[7])
if why == 'cancelled' or not c then return {1, '', mine, 0} end
if mine ~= '' and not o.answered then c = load(CALLS, o.call) end -- it may be that agent's next one
standing(o.call, c)
unwait(o.call, c)
local found, answered = seek(o.call, c, ARGV[6]), o.answered and 1 or 0
if found ~= '' then return {1, found, mine, 0, answered} end
stay(o.call, c)
return {1, '', mine, c.offer and 0 or position(o.call, c), answered}
