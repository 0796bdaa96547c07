-- lib_agent: what every script that changes agents or calls starts with.
-- Before it stand journal_add (orchestrator/redisstore) and two tables made from
-- the Go ones: NEXT[state][trigger] = state and LATER[state][trigger] = trigger.
-- KEYS[1] hash  agents     agent -> AgentRecord
-- KEYS[2] hash  calls      call -> CallRecord
-- KEYS[3] hash  offers     offer -> OfferRecord
-- KEYS[4] zset  deadlines  "<kind>:<id>", score unix ms, of the PBX
-- KEYS[5] stream journal
-- KEYS[6] hash  paces      "<queue>@<pbx>" -> Pace
-- KEYS[7] and on: three keys per queue, in the order of the station's queues:
--   zset waiting (call, CallScore), zset idle (agent, Score), set staff (agents logged in)
-- ARGV[1] the caller's clock, unix ms
local AGENTS, CALLS, OFFERS, DUE = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now = tonumber(ARGV[1])
local function waiting(i) return KEYS[4 + 3 * i] end
local function idle(i) return KEYS[5 + 3 * i] end
local function staff(i) return KEYS[6 + 3 * i] end
local QUEUES = (#KEYS - 6) / 3 -- how many queues were passed

local function load(key, id)
  local text = redis.call('HGET', key, id)
  return text and cjson.decode(text)
end

local function save(key, id, rec)
  rec.rev = (rec.rev or 0) + 1
  redis.call('HSET', key, id, cjson.encode(rec))
end

local function fresh() return {state = 'offline', since = now, device = 'unknown', misses = 0} end

local function journal(kind, agent, a, data)
  journal_add(KEYS[5], kind, ARGV[1], a.call, agent, a.queue, a.pbx, cjson.encode(data))
end

-- tell writes the agent's state to the journal, without a change when from is its state.
local function tell(id, a, from, by)
  journal('agent.state', id, a,
    {from = from, to = a.state, reason = a.reason, device = a.device, call = a.call, by = by})
end

-- move takes the agent through the table; false, with nothing done, when there is no such row.
local function move(id, a, trigger, why, by)
  local from, to = a.state, NEXT[a.state][trigger]
  if not to then return false end
  a.state, a.since, a.reason = to, now, why
  if from == 'wrapup' then
    a.due = nil
    redis.call('ZREM', DUE, 'wrap:' .. id)
  end
  if to == 'available' and from ~= 'reserved' then a.free_since = now end
  for i = 1, QUEUES do
    if from == 'offline' then redis.call('SADD', staff(i), id) end
    if to == 'offline' then redis.call('SREM', staff(i), id) end
  end
  tell(id, a, from, by)
  return true
end
