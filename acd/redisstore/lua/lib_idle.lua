-- lib_idle: where calls find agents who are free. Follows lib_lane.

-- list puts an agent who is free where calls look; unlist takes the agent away, and
-- tells whether there was anything to take.
local function list(id, a)
  for fact in names(a.facts) do
    redis.call('ZADD', key('idle', a.profile .. ':' .. fact), a[fact] or 0, id)
    first(key('idle', a.profile .. ':' .. fact), key('profiles', fact), a.profile)
  end
end

local function unlist(id, profile, facts)
  local gone = 0
  for fact in names(facts) do
    gone = gone + redis.call('ZREM', key('idle', profile .. ':' .. fact), id)
    first(key('idle', profile .. ':' .. fact), key('profiles', fact), profile)
  end
  return gone > 0
end

-- listed tells whether calls find the agent: true or false, nil when some do.
local function listed(id, a)
  local all, none = true, true
  for fact in names(a.facts) do
    local idle = key('idle', a.profile .. ':' .. fact)
    if redis.call('ZSCORE', idle, id) then none = false else all = false end
    if not noted(idle, key('profiles', fact), a.profile) then return nil end
  end
  if all and none then return eligible(a) end -- serves no queue
  if all then return true elseif none then return false end
end
