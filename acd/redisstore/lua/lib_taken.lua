-- lib_taken: what agents have taken of what the day allows for the reasons of pauses. Follows lib_inside.
local BREAKS = PREFIX .. 'breaks'
local KEPT, MOST = 172800000, 1000 -- no day began longer ago, whatever the zone; no reason may be taken more often in a day

-- breaks returns what an agent has taken, by reason: when pauses began, and from when till when they lasted.
local function breaks(id)
  local ok, b = pcall(cjson.decode, redis.call('HGET', BREAKS, id) or '{}')
  if not ok or type(b) ~= 'table' then return {} end
  for why, e in pairs(b) do
    if not e.spent then b[why] = nil end -- of an operadora that counted by the day
  end
  return b
end

local function keep(id, b) redis.call('HSET', BREAKS, id, cjson.encode(b)) end

-- limited notes what the day allows for a reason, an Allowance, and returns what is taken.
local function limited(b, why, allow)
  local e = b[why] or {}
  e.began, e.spent = e.began or {}, e.spent or {}
  e.from, e.to, e.times = allow.from, allow.to, allow.times
  e.most = allow.per_day_ms > 0 and allow.per_day_ms or nil
  if allow.at_once == 0 then e.crowd = nil end
  b[why] = e
  return e
end

-- spent is how long the agent has paused for a reason today, until now.
local function spent(e, a, why)
  local sum = 0
  local function add(from, to) sum = sum + math.max(0, to - math.max(from, e.from)) end
  for _, s in ipairs(e.spent) do add(s[1], s[2]) end
  if a.state == 'paused' and a.reason == why then add(a.since, now) end
  return sum
end

-- used returns which limit of the day is used up by what is taken and so many pauses more.
local function used(e, a, why, more)
  local n = more
  for _, at in ipairs(e.began) do n = n + (at >= e.from and 1 or 0) end
  if e.times > 0 and n > e.times then return 'times' end
  if e.most and spent(e, a, why) >= e.most then return 'time' end
end
