-- lib_known: who an agent is whose record could not be read. Follows lib_state.

-- revived makes a record for one who has none and is staff all the same: logged
-- in, and paused where that can still be read. Nil for anybody else.
local function revived(id, station)
  local here = false
  for _, q in ipairs(station.queues or {}) do
    here = here or redis.call('SISMEMBER', set_of('staff', q.id, station.pbx), id) == 1
  end
  if not here then return nil end
  local a, text = fresh(), redis.call('HGET', PREFIX .. 'was', 'agents ' .. id) or ''
  redis.call('HDEL', PREFIX .. 'was', 'agents ' .. id)
  adopt(a, station)
  a.state, a.free_since = 'available', now
  if text:match('"state":"(%a+)"') == 'paused' then
    a.state, a.reason = 'paused', text:match('"reason":"([%w_-]+)"')
  end
  tell(id, a, 'offline', 'operadora')
  return a
end

-- known returns an agent's record, or that of one who was never heard of.
local function known(id, station) return load(AGENTS, id) or revived(id, station) or fresh() end
