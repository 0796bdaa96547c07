-- lib_pause: who pauses for which reason, and is beyond what the day allows. Follows lib_taken.

-- watch notes which limit the pause that lasts is beyond, and until when it is beyond none. Midnight gives anew.
local function watch(id, a, e)
  local rolled
  while e and e.to <= now do e.from, e.to, rolled = e.to, e.to + 86400000, true end -- about so: told exactly at once
  local full = e and used(e, a, a.reason, 0)
  a.over, a.pause_due = full or e and e.crowd and 'at_once' or nil, nil
  if e and e.most and full ~= 'time' then
    a.pause_due = now + e.most - spent(e, a, a.reason)
    if a.pause_due > e.to then a.pause_due = e.to + e.most end
  end
  a.pause_look = rolled and now or full and e.to or a.pause_due
  redis.call('ZREM', due(a.pbx), 'pause:' .. id)
  if a.pause_look then redis.call('ZADD', due(a.pbx), a.pause_look, 'pause:' .. id) end
end

-- began and ended: a pause does. One that a call interrupted is none anew.
local function began(id, a)
  local b = breaks(id)
  local e = a.reason and b[a.reason]
  if e and not a.again then e.began[#e.began + 1] = now end
  watch(id, a, e)
  if e then keep(id, b) end
end

local function ended(id, a)
  local b = breaks(id)
  local e, old = a.reason and b[a.reason], now - KEPT
  watch(id, a, nil)
  if not e then return end
  e.spent[#e.spent + 1] = {a.since, now}
  while e.spent[1] and e.spent[1][2] < old do table.remove(e.spent, 1) end
  while e.began[1] and (e.began[1] < old or #e.began > MOST) do table.remove(e.began, 1) end
  if #e.spent > MOST then -- the oldest two are one
    local first = table.remove(e.spent, 1)
    e.spent[1][1] = e.spent[1][1] - (first[2] - first[1])
  end
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
