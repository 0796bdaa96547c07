-- lib_offers: the offers of a call: one or, with ring_all, one for each agent whose phone rings. Follows lib_lane.
-- A CallRecord has the first of them in offer, those beside it in others.

local function offers_of(c) return {c.offer, unpack(c.others or {})} end

local function set_offers(c, ids)
  c.offer = table.remove(ids, 1)
  c.others = ids[1] and ids or nil
end

local function has(c, offer)
  for _, id in ipairs(offers_of(c)) do
    if id == offer then return true end
  end
  return false
end

-- standing returns an unanswered offer of a queued call. Those that do not stand are taken off the record.
local function standing(call, c)
  local found, ids = nil, {}
  for _, id in ipairs(offers_of(c)) do
    local o = load(OFFERS, id)
    if o and o.call == call and not o.answered then found, ids[#ids + 1] = found or o, id end
  end
  set_offers(c, ids)
  return found
end

-- rules returns what an offer needs to know of the queue; nil when that is lost.
local function rules(serves)
  local text = redis.call('HGET', serves, '')
  return text and cjson.decode(text)
end

-- most is how many phones may ring for a call at the same time, room how many more than do.
local function most(c, q) return c.one and 1 or q.at_once or 1 end
local function room(c, q) return most(c, q) - #offers_of(c) end

-- roomy tells whether a call for which phones ring is to be found by more agents.
local function roomy(c)
  if away_since(c.pbx) then return false end
  local r = c.rings and c.rings[ring(c)]
  local q = r and rules(key('serves', r.table))
  return q and room(c, q) > 0 or false
end

-- stay has a call, of which standing was asked before, wait or, while phones ring for it, be found by
-- more agents if it may be; and stores it.
local function stay(call, c)
  if not c.offer then return await(call, c) end
  if roomy(c) then enlane(call, c) end
  save(CALLS, call, c)
end
