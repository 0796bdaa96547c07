-- lib_agent: what every script that changes agents or calls starts with.
-- Before it stand journal_add (orchestrator/redisstore) and two tables made from
-- the Go ones: NEXT[state][trigger] = state and LATER[state][trigger] = trigger.
-- KEYS[1] hash  agents     agent -> AgentRecord
-- KEYS[2] hash  calls      call -> CallRecord
-- KEYS[3] hash  offers     offer -> OfferRecord
-- KEYS[4] zset  deadlines  "<kind>:<id>", score unix ms, of the PBX
-- KEYS[5] stream journal
-- KEYS[6] hash  paces      "<queue>@<pbx>" -> Pace
-- KEYS[7] stream desk      what the owner of the PBX is told
-- KEYS[8] and on: three keys per queue, in the order of the station's queues:
--   zset waiting (call, CallScore), zset idle (agent, Score), set staff (agents logged in)
-- Made of names in records, with the same tag: the idle and staff sets of an
-- agent's queues, the waiting set of a call's queue, the hashes taken, broken and was.
-- ARGV[1] the caller's clock, unix ms
local AGENTS, CALLS, OFFERS, DUE, DESK = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[7]
local PREFIX = AGENTS:sub(1, -1 - #'agents')
local now = tonumber(ARGV[1])
local function waiting(i) return KEYS[5 + 3 * i] end
local function idle(i) return KEYS[6 + 3 * i] end
local QUEUES = (#KEYS - 7) / 3 -- how many queues were passed
local function set_of(kind, queue, at) return PREFIX .. kind .. ':' .. queue .. '@' .. at end
local function queues_of(a) return (a.queues or ''):gmatch('[^,]+') end

local NEEDS = {[AGENTS] = {state = 'string', device = 'string'}, [KEYS[6]] = {at = 'number', gap = 'number'},
  [CALLS] = {queue = 'string', pbx = 'string', score = 'number', entered = 'number'},
  [OFFERS] = {call = 'string', agent = 'string', queue = 'string', pbx = 'string'}}

local function readable(key, rec)
  if type(rec) ~= 'table' then return false end
  for name, kind in pairs(NEEDS[key]) do
    if type(rec[name]) ~= kind then return false end
  end
  return key ~= AGENTS or NEXT[rec.state] ~= nil
end

-- load returns a record; nil when there is none. One that cannot be read is
-- set aside and counts as none, so that it stands in nobody else's way.
local function load(key, id)
  local text = redis.call('HGET', key, id)
  if not text then return nil end
  local ok, rec = pcall(cjson.decode, text)
  if ok and readable(key, rec) then return rec end
  redis.call('HDEL', key, id)
  for _, aside in ipairs({PREFIX .. 'broken', PREFIX .. 'was'}) do -- to be told of, and for revived
    redis.call('HSET', aside, key:sub(#PREFIX + 1) .. ' ' .. id, text)
    redis.call('EXPIRE', aside, 604800)
  end
end

local TAKEN = PREFIX .. 'taken' -- the answered offer of a call that is with an agent
local function untake(call, offer)
  if redis.call('HGET', TAKEN, call) == offer then redis.call('HDEL', TAKEN, call) end
end

local function save(key, id, rec)
  rec.rev = (rec.rev or 0) + 1
  redis.call('HSET', key, id, cjson.encode(rec))
end
