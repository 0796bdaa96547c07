-- lib_count: how many agents stand where, kept with the records. Follows lib_agent.
-- The hash counts has "<profile>:<state>", "<profile>" for all logged in, and "rev", which changes with any of them.
local COUNTS = PREFIX .. 'counts'

local function eligible(a)
  return a.state == 'available' and not a.rest and (a.device == 'free' or a.device == 'unknown')
end

-- counts_as returns what an agent is counted as; nil when logged out. One who is
-- available and may be offered nothing is passed over.
local function counts_as(a)
  if a.state == 'offline' then return nil end
  return (a.profile or '') .. ':' .. (a.state == 'available' and not eligible(a) and 'passed_over' or a.state)
end

local function add(field, n) return redis.call('HINCRBY', COUNTS, field, n) == 0 and redis.call('HDEL', COUNTS, field) end

-- count changes what an agent is counted as.
local function count(was, is)
  if was == is then return end
  if was then add(was, -1) end
  if is then add(is, 1) end
  local from, to = was and was:match('^[^:]*'), is and is:match('^[^:]*')
  if from and from ~= to then add(from, -1) end
  if to and from ~= to then add(to, 1) end
  add('rev', 1)
end

-- first notes in the set of firsts what the first of a set is, or that it is empty.
local function first(set, firsts, name)
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if head[1] then
    redis.call('ZADD', firsts, head[2], name)
  else
    redis.call('ZREM', firsts, name)
  end
end

-- noted tells whether the set of firsts has the first of a set as it is.
local function noted(set, firsts, name)
  return (redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2] or false) == redis.call('ZSCORE', firsts, name)
end
