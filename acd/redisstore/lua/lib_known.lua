-- lib_known: who an agent is, as the station has it, and who one is whose record could not be read. Follows lib_state.

-- adopt brings the record in line with the station. Of another phone nothing is known yet.
local function adopt(a, station)
  if a.endpoint ~= station.endpoint or a.pbx ~= station.pbx then a.device, a.hearsay = 'unknown', nil end
  a.endpoint, a.pbx, a.group, a.language, a.team = station.endpoint, station.pbx, station.group, station.language, station.team
  a.auto_answer, a.print, a.queues = station.auto_answer, station.print, table.concat(station.queues, ',')
  a.profile, a.facts = station.profile, table.concat(station.facts, ',')
end

-- revived makes a record for one who has none and is staff all the same: logged
-- in, and paused where that can still be read. Nil for anybody else.
local function revived(id, station)
  local here = false
  for _, queue in ipairs(station.queues or {}) do
    here = here or redis.call('SISMEMBER', key('staff', queue .. '@' .. group(station)), id) == 1
  end
  if not here then return nil end
  local a, text = fresh(), redis.call('HGET', PREFIX .. 'was', 'agents ' .. id) or ''
  redis.call('HDEL', PREFIX .. 'was', 'agents ' .. id)
  adopt(a, station)
  a.state, a.free_since = 'available', now
  if text:match('"state":"(%a+)"') == 'paused' then
    a.state, a.reason = 'paused', text:match('"reason":"([%w_-]+)"')
  end
  if a.state == 'paused' then watch(id, a, a.reason and breaks(id)[a.reason]) end
  tell(id, a, 'offline', 'operadora')
  return a
end

-- known returns an agent's record, or that of one who was never heard of.
local function known(id, station) return load(AGENTS, id) or revived(id, station) or fresh() end
