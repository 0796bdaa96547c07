-- lib_staff: who is logged in to a queue, and who must be for a call to enter. Follows lib_load.

-- post tells the owner of the PBX about an offer: 'made' and its id, or 'gone',
-- the offer and why; or 'empty' and the queue whose last agent logged out. The bound is far above what is read at once.
local function post(pbx, ...) redis.call('XADD', key('desk', pbx), 'MAXLEN', '~', 10000, '*', ...) end

-- enrol counts the agent as staff of the queues that the record names, or no longer;
-- true when that was not so before. Whose calls may wait where nobody is left is told.
local function enrol(id, a, here)
  local changed = false
  for queue in names(a.queues) do
    local at = queue .. '@' .. group(a)
    if redis.call(here and 'SADD' or 'SREM', key('staff', at), id) == 1 then
      changed = true
      if not here and queue:sub(1, 1) ~= '@' and redis.call('SCARD', key('staff', at)) == 0 then
        for _, pbx in ipairs(redis.call('SMEMBERS', key('pbxs', at))) do post(pbx, 'empty', at) end
      end
    end
  end
  return changed
end

-- staff is how many are logged in to a call's queue; qualified tells whether
-- anybody is who may serve the call in the last of its rings.
local function staff(c) return redis.call('SCARD', key('staff', queue_at(c))) end

local function qualified(c)
  for _, profile in ipairs(redis.call('HKEYS', key('serves', c.rings[#c.rings].table))) do
    if profile ~= '' and redis.call('HEXISTS', COUNTS, profile) == 1 then return true end
  end
  return false
end

-- refusal returns why a queue does not take a call in; nil when it does. known is the
-- reason that whoever asks has found, one that the store cannot.
local function refusal(c, admit, most, known)
  if known == 'closed' then return known end
  if admit ~= 'always' and staff(c) == 0 then return 'no_agents' end
  if admit == 'when_agents_qualified' and not qualified(c) then return 'unqualified' end
  if most > 0 and redis.call('ZCARD', key('inside', queue_at(c))) - redis.call('ZCARD', key('astray', queue_at(c))) >= most then return 'full' end
  return known ~= '' and known or nil
end
