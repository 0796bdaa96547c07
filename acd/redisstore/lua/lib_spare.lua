-- lib_spare: how offers end that nobody takes up. Follows lib_depart.

-- rest has the agent of an offer that came to nothing be offered nothing for a while. set is of offer_fail,
-- made is when the offer was. That the phone is free since may have been told before its failure was.
local function rest(id, a, why, set, made)
  local alive = a.device == 'free' and not a.hearsay and (a.device_at or 0) > made
  a.rest_min, a.rest, a.rest_for = now + set.rest_ms, now + set.rest_ms, why
  if why == 'busy' or why == 'unreachable' then -- each time in a row twice as long
    a.refusals = (a.refusals or 0) + 1
    local times = 2 ^ math.min(a.refusals - 1, 20)
    a.device, a.device_at, a.hearsay = why, now, true
    a.rest = now + math.min(set.rest_long_ms * times, set.rest_most_ms)
    if why == 'busy' then a.rest_min = now + math.min(set.rest_ms * times, set.rest_most_ms) end
    if alive then a.rest = a.rest_min end
  else
    a.refusals = nil
  end
  redis.call('ZADD', due(a.pbx), a.rest, 'rest:' .. id)
end

-- spare ends the other offers of a call that is out of its queue: their agents are to blame for
-- nothing, and are free again. Who rings their phones is told.
local function spare(offers, why, unique)
  for _, offer in ipairs(offers) do
    local o = load(OFFERS, offer)
    local a = o and holder(o.agent, offer)
    if o then
      post(o.pbx, 'gone', redis.call('HGET', OFFERS, offer), 'why', why)
      redis.call('HDEL', OFFERS, offer)
      redis.call('ZREM', due(o.pbx), 'offer:' .. offer)
    end
    if a then
      depart(o.agent, a, 'release', why ~= 'cancelled' and why or nil)
      part(a)
      settle(o.agent, a, unique)
    end
  end
end
