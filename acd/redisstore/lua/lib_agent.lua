-- lib_agent: what every script that changes agents or calls starts with.
-- Before it stand journal_add (orchestrator/redisstore) and two tables made from
-- the Go ones: NEXT[state][trigger] = state and LATER[state][trigger] = trigger.
-- KEYS[1] hash  agents     agent -> AgentRecord
-- KEYS[2] hash  calls      call -> CallRecord
-- KEYS[3] hash  offers     offer -> OfferRecord
-- KEYS[4] stream journal
-- KEYS[5] hash  paces      "<queue>@<group>" -> Pace
-- Made of names in records, with the same tag: deadlines and desk of a PBX; waiting,
-- staff and pace of a queue on a group of PBXs; lane, serves and idle sets with the sets of their
-- firsts, lanes, profiles and insides; inside and callbacks of a queue on a group; the hashes counts,
-- taken, breaks, draws, definitions, broken and was; the set leaving; away of a reason and scope; last and kept of a queue and number. See keys.go.
-- ARGV[1] the caller's clock, unix ms
local AGENTS, CALLS, OFFERS, PACES = KEYS[1], KEYS[2], KEYS[3], KEYS[5]
local PREFIX = AGENTS:sub(1, -1 - #'agents')
local now = tonumber(ARGV[1])
local function key(kind, name) return PREFIX .. kind .. ':' .. name end
local function due(pbx) return key('deadlines', pbx) end
local function group(r) return r.group or r.pbx end -- of PBXs, of a record or station
local function queue_at(c) return c.queue .. '@' .. group(c) end -- where a call is, as acd.QueueAt
local function waiting(c) return key('waiting', queue_at(c)) end
local function names(list) return (list or ''):gmatch('[^,]+') end

-- in_force tells whether the definitions are in force by which somebody goes; '' is by none.
local function in_force(print)
  local is = redis.call('HGET', PREFIX .. 'definitions', 'print')
  return print == '' or not is or is == print
end

local NEEDS = {[AGENTS] = {state = 'string', device = 'string'}, [PACES] = {},
  [CALLS] = {queue = 'string', pbx = 'string', score = 'number', entered = 'number'},
  [OFFERS] = {call = 'string', agent = 'string', queue = 'string', pbx = 'string'}}

local function readable(hash, rec)
  if type(rec) ~= 'table' then return false end
  for name, kind in pairs(NEEDS[hash]) do
    if type(rec[name]) ~= kind then return false end
  end
  return hash ~= AGENTS or NEXT[rec.state] ~= nil
end

-- load returns a record; nil when there is none. One that cannot be read is
-- set aside and counts as none, so that it stands in nobody else's way.
local function load(hash, id)
  local text = redis.call('HGET', hash, id)
  if not text then return nil end
  local ok, rec = pcall(cjson.decode, text)
  if ok and readable(hash, rec) then return rec end
  redis.call('HDEL', hash, id)
  for _, aside in ipairs({PREFIX .. 'broken', PREFIX .. 'was'}) do -- to be told of, and for revived
    redis.call('HSET', aside, hash:sub(#PREFIX + 1) .. ' ' .. id, text)
    redis.call('EXPIRE', aside, 604800)
  end
end

local TAKEN = PREFIX .. 'taken' -- the answered offer of a call that is with an agent
local function untake(call, offer)
  if redis.call('HGET', TAKEN, call) == offer then redis.call('HDEL', TAKEN, call) end
end
