-- lib_inside: who is in a queue, kept with the records of calls. Follows lib_stranded.

-- among is the set of a queue in which a call is counted: on the line, or to be called back.
local function among(c) return key(c.work == 'callback' and 'callbacks' or 'inside', queue_at(c)) end

-- eldest is the entry of the first who is on the line in a queue; 'inf' when others
-- alone are in it, false when nobody is.
local function eldest(at)
  local head = redis.call('ZRANGE', key('inside', at), 0, 0, 'WITHSCORES')
  return head[2] or redis.call('EXISTS', key('callbacks', at)) == 1 and 'inf'
end

-- inside_noted tells whether the set insides has the queue as it is; note_inside sees to it.
local function inside_noted(at) return eldest(at) == redis.call('ZSCORE', PREFIX .. 'insides', at) end

local function note_inside(at)
  local is = eldest(at)
  return is and redis.call('ZADD', PREFIX .. 'insides', is, at) or redis.call('ZREM', PREFIX .. 'insides', at)
end

-- inside counts a call as in its queue, waiting or offered; outside no longer.
local function inside(call, c)
  local at = queue_at(c)
  if not c.away then redis.call('ZADD', key('present', c.pbx), c.score, call) end
  if redis.call('ZADD', among(c), c.entered, call) == 1 then
    note_inside(at)
    redis.call('SADD', key('pbxs', at), c.pbx)
  end
end

local function outside(call, c)
  redis.call('ZREM', among(c), call)
  redis.call('ZREM', key('present', c.pbx), call)
  note_inside(queue_at(c))
end
