-- lib_pace: what a queue teaches of waits to come, as acd.Pace. Follows lib_save.

local CALLS_OF, FADE = 20, 0.98

local function learn(at, change)
  local p = load(PACES, at) or {}
  change(p)
  redis.call('HSET', PACES, at, cjson.encode({handle = p.handle, handled = p.handled, waited = p.waited, left = p.left}))
end

-- took: a call of a queue has taken an agent up for so many ms.
local function took(at, ms)
  learn(at, function(p)
    p.handled = math.min((p.handled or 0) + 1, CALLS_OF)
    p.handle = (p.handle or 0) + (ms - (p.handle or 0)) / p.handled
  end)
end

-- went: a call leaves its queue, answered or not.
local function went(c, answered)
  if c.work == 'callback' then return end -- nobody waits on the line
  learn(queue_at(c), function(p)
    p.waited = (p.waited or 0) * FADE + now - (c.since or c.entered)
    p.left = (p.left or 0) * FADE + (answered and 0 or 1)
  end)
end

-- left takes a call out of its queue that was not served. Its place is kept for its caller
-- for so many ms: "<until> <since> <call>", of the first of those calls that had it.
local function left(call, c, keep)
  drop_call(call, c)
  went(c, false)
  if keep <= 0 or c.work == 'callback' or (c.caller or '') == '' then return end
  local value = string.format('%.0f %.0f %s', now + keep, c.kept and c.kept.since or c.entered, call)
  redis.call('SET', key('kept', c.queue .. ':' .. c.caller), value, 'PX', keep)
end
