-- lib_save: how records are stored and forgotten. Follows lib_pause.

local function save(hash, id, rec)
  rec.rev = (rec.rev or 0) + 1
  if hash == AGENTS then
    local is = counts_as(rec)
    count(rec.counted, is)
    rec.counted = is
    local at = away_as(rec)
    if at ~= rec.away then away(id, rec.away, at) end
    rec.away = at
  elseif hash == CALLS then
    inside(id, rec)
  end
  redis.call('HSET', hash, id, cjson.encode(rec))
end

-- drop_agent forgets an agent, drop_call a call that is in no queue any more.
local function drop_agent(id, a)
  count(a.counted, nil)
  away(id, a.away, nil)
  redis.call('HDEL', AGENTS, id)
end

local function drop_call(call, c)
  outside(call, c)
  redis.call('HDEL', CALLS, call)
end

-- taken_in tells whether a call is counted as in its queue.
local function taken_in(call, c)
  return redis.call('ZSCORE', among(c), call) and inside_noted(queue_at(c)) and sided(call, c)
end
