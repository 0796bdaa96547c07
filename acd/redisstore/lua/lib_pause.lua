-- lib_pause: who pauses for which reason, and how much of what the day allows is taken. Follows lib_inside.
local BREAKS = PREFIX .. 'breaks'

-- breaks returns what an agent has taken, by reason.
local function breaks(id)
  local ok, b = pcall(cjson.decode, redis.call('HGET', BREAKS, id) or '{}')
  return ok and type(b) == 'table' and b or {}
end

local function keep(id, b) redis.call('HSET', BREAKS, id, cjson.encode(b)) end

-- taken returns what was taken for a reason today; nil for one that is in no definitions. When a new day ends says who pauses next.
local function taken(b, why)
  local e = b[why]
  if e and e.to and e.to <= now then
    b[why] = {from = e.to, n = 0, ms = 0, most = e.most, over = e.over}
  end
  return b[why]
end

-- began and ended: a pause does. One that a call interrupted is none anew.
local function began(id, a)
  local b = breaks(id)
  local e = a.reason and taken(b, a.reason)
  if not e then return end
  if not a.again then e.n = e.n + 1 end
  a.over = e.over
  if e.most then
    a.pause_due = now + math.max(0, e.most - e.ms)
    if e.to and a.pause_due > e.to then a.pause_due = e.to + e.most end -- midnight gives anew
    redis.call('ZADD', due(a.pbx), a.pause_due, 'pause:' .. id)
  end
  keep(id, b)
end

local function ended(id, a)
  redis.call('ZREM', due(a.pbx), 'pause:' .. id)
  a.pause_due, a.over = nil, nil
  local b = breaks(id)
  local e = a.reason and taken(b, a.reason)
  if not e then return end
  e.ms = e.ms + now - math.max(a.since, e.from)
  keep(id, b)
end

-- away_as names the sets in which an agent is counted who pauses, or will after the call; nil for nobody else.
local function away_as(a)
  local why = a.state == 'paused' and a.reason or a.next == 'pause_due' and a.next_why
  if not why then return nil end
  local sets = {why .. ':centre', why .. ':team:' .. (a.team or '')}
  for queue in names(a.queues) do
    if queue:sub(1, 1) ~= '@' then sets[#sets + 1] = why .. ':queue:' .. queue end
  end
  return table.concat(sets, ',')
end

local function away(id, from, to)
  for set in names(from) do redis.call('SREM', key('away', set), id) end
  for set in names(to) do redis.call('SADD', key('away', set), id) end
end
