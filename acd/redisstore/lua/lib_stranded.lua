-- lib_stranded: calls whose PBX is away: no agent finds them, until it is back. Follows lib_count.
-- The hash presence has of a PBX "<epoch of the lease under which that was told> <since when it is away, unix ms; 0: it is there>".
-- A call in a queue is, by its score, in the set present or stranded of its PBX, and on the line in astray of its queue, too.
local PRESENCE = PREFIX .. 'presence'

-- presence returns what was told of a PBX: under which epoch, and since when it is away, 0 for not.
local function presence(pbx)
  local epoch, since = (redis.call('HGET', PRESENCE, pbx) or '0 0'):match('^(%d+) (%d+)$')
  return tonumber(epoch or 0), tonumber(since or 0)
end

-- away_since is since when a PBX is away; nil when it is not.
local function away_since(pbx)
  local _, since = presence(pbx)
  return since > 0 and since or nil
end

-- strand notes that a call's PBX is away; unstrand that it is not, or that the call leaves.
local function strand(call, c, since)
  c.away = since
  redis.call('ZREM', key('present', c.pbx), call)
  redis.call('ZADD', key('stranded', c.pbx), c.score, call)
  if c.work ~= 'callback' then redis.call('ZADD', key('astray', queue_at(c)), c.score, call) end
end

local function unstrand(call, c)
  if not c.away then return end
  c.away = nil
  redis.call('ZREM', key('stranded', c.pbx), call)
  redis.call('ZREM', key('astray', queue_at(c)), call)
end

-- sided tells whether a call is in the sets of its PBX that it should be in, and in no other.
local function sided(call, c)
  local here, apart = redis.call('ZSCORE', key('present', c.pbx), call), redis.call('ZSCORE', key('stranded', c.pbx), call)
  local astray = redis.call('ZSCORE', key('astray', queue_at(c)), call)
  if not c.away then return here and not apart and not astray end
  return apart and not here and (c.work == 'callback' or astray)
end
