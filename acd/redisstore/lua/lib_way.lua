-- lib_way: the rings that a call goes through. Follows lib_lane.

-- stored tells whether the tables of all rings are there, and has them kept: they
-- are forgotten a week after a call last asked for them.
local function stored(rings)
  for _, r in ipairs(rings) do
    if redis.call('EXPIRE', key('serves', r.table), 604800) == 0 then return false end
  end
  return #rings > 0
end

local function alike(some, others)
  if #some ~= #others then return false end
  for i, r in ipairs(some) do
    local o = others[i]
    if r.lane ~= o.lane or r.table ~= o.table or r.after ~= o.after then return false end
  end
  return true
end

-- enlaned tells whether a call is where agents find it.
local function enlaned(call, c)
  local r = c.rings[c.at or 0]
  return r and redis.call('ZSCORE', key('lane', r.lane), call) and noted(key('lane', r.lane), PREFIX .. 'lanes', r.lane)
    and (not c.rings[c.at + 1] or redis.call('ZSCORE', due(c.pbx), 'ring:' .. call))
end

-- placed tells whether a call is wherever it should be. One for which phones ring waits in
-- no queue, and agents find it while more may ring, and only then.
local function placed(call, c)
  if not taken_in(call, c) then return false end
  local since = away_since(c.pbx)
  if since or c.away then return c.offer or c.away and since end
  if not c.offer then return redis.call('ZSCORE', waiting(c), call) and enlaned(call, c) end
  if roomy(c) then return enlaned(call, c) end
  return (c.at or 0) == 0
end
