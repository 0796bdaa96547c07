-- lib_lane: where calls wait. Follows lib_agent.

local function drop(lane, call)
  local gone = redis.call('ZREM', key('lane', lane), call)
  first(key('lane', lane), PREFIX .. 'lanes', lane)
  return gone
end

-- ring returns the number of the ring that a call has reached. The lane of an agent
-- alone whom it prefers is left out unless that agent is at work.
local function ring(c)
  local at = 1
  for i, r in ipairs(c.rings) do
    if c.since + r.after <= now then at = i end
  end
  local own = c.rings[at + 1] and c.rings[at].lane:match('^@(.+)')
  local a = own and load(AGENTS, own)
  if own and not (a and a.state ~= 'offline' and a.state ~= 'paused') then return at + 1 end
  return at
end

-- enlane gives a call its place in the lane of its ring, unless it is in one.
local function enlane(call, c)
  if (c.at or 0) > 0 then return end
  c.at = ring(c)
  local lane, next = c.rings[c.at].lane, c.rings[c.at + 1]
  redis.call('ZADD', key('lane', lane), c.score, call)
  first(key('lane', lane), PREFIX .. 'lanes', lane)
  if next then redis.call('ZADD', due(c.pbx), c.since + next.after, 'ring:' .. call) end
end

-- await gives a call its place in the queue and in the lane of its ring, and stores it. While
-- its PBX is away it has neither.
local function await(call, c)
  local since = away_since(c.pbx)
  if since then strand(call, c, since) else redis.call('ZADD', waiting(c), c.score, call) end
  if c.rings and not since then enlane(call, c) end -- one of an operadora before lanes gets its own when definitions are put in force
  save(CALLS, call, c)
end

-- unwait takes a call from its places, if it waits.
local function unwait(call, c)
  redis.call('ZREM', waiting(c), call)
  unstrand(call, c)
  if (c.at or 0) == 0 then return end
  drop(c.rings[c.at].lane, call)
  if c.rings[c.at + 1] then redis.call('ZREM', due(c.pbx), 'ring:' .. call) end
  c.at = nil
end

-- position is that of a call that waits, from 1; one that is stranded has what it would have.
local function position(call, c)
  if c.away then return redis.call('ZCOUNT', waiting(c), '-inf', ('(%.17g'):format(c.score)) + 1 end
  return (redis.call('ZRANK', waiting(c), call) or -1) + 1
end
