-- lib_best: which of the free agents gets a call, and how an offer comes about. Follows lib_idle.

local MOST = 1000 -- profiles with somebody free that are compared with one another; check allows no more
local TRIES = 32 -- members that fit nothing are gone over; in a store that is whole there is none

-- lots returns what draws are made by: of a queue with a seed, as many as were made before by it.
local function lots(q, call, c, unique)
  return function()
    if not q.seed then return call .. unique end
    local seed, n = (redis.call('HGET', PREFIX .. 'draws', queue_at(c)) or ''):match('^(%d+) (%d+)$')
    n = tonumber(seed) == q.seed and n + 1 or 1
    redis.call('HSET', PREFIX .. 'draws', queue_at(c), ('%d %d'):format(q.seed, n))
    return ('%d %s %d'):format(q.seed, queue_at(c), n)
  end
end

-- draw returns one of the free agents of some profiles, and the profile, by lot.
local function draw(profiles, fact, lot)
  local sizes, all = {}, 0
  for i, profile in ipairs(profiles) do
    sizes[i] = redis.call('ZCARD', key('idle', profile .. ':' .. fact))
    all = all + sizes[i]
  end
  if all == 0 then return nil end
  local n = tonumber(redis.sha1hex(lot()):sub(1, 12), 16) % all
  for i, profile in ipairs(profiles) do
    if n < sizes[i] then return profile, redis.call('ZRANGE', key('idle', profile .. ':' .. fact), n, n)[1] end
    n = n - sizes[i]
  end
end

-- best returns the profile, and its agent, who is to get the next call of a lane. Those after the first
-- MOST, of agents who have places in queues that are closing besides, count where nobody before does.
local function best(serves, fact, lot, from)
  from = from or 0
  local free, profiles = redis.call('ZRANGE', key('profiles', fact), from, from + MOST - 1, 'WITHSCORES'), {}
  for i = 1, #free, 2 do profiles[#profiles + 1] = free[i] end
  if #profiles == 0 then return nil end
  local ranks = redis.call('HMGET', serves, unpack(profiles))
  local found, low, score, id, equals
  for i, profile in ipairs(profiles) do
    local rank, s = tonumber(ranks[i] or nil), free[2 * i]
    if rank and (not found or rank < low or (rank == low and s == score)) then
      local one = redis.call('ZRANGE', key('idle', profile .. ':' .. fact), 0, 0)[1]
      if one and (not found or rank < low) then equals = {} end
      if one and (not found or rank < low or one < id) then found, low, score, id = profile, rank, s, one end
    end
    if found and rank == low then equals[#equals + 1] = profile end
  end
  if not found and #profiles == MOST then return best(serves, fact, lot, from + MOST) end
  if lot and found then return draw(equals, fact, lot) end
  return found, id
end

-- matched is how an offer comes about: orchestrator.Match.
local function matched(a, c, q, freed)
  local at, prefers = (c.at or 0) > 0 and c.at or ring(c), c.rings[1].lane:match('^@') and 1 or 0
  return {freed = freed, strategy = q.strategy, relaxed = math.max(0, at - 1 - prefers), alone = c.rings[at].lane:match('^@') and true or nil,
    tier = q.tier, eased = c.eased, waited_ms = now - (c.since or now), free_ms = now - (a.free_since or now)}
end
