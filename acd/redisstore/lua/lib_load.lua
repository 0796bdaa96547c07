-- lib_load: how much calls take agents up. Follows lib_pace.

local BUSY = {reserved = true, talking = true, wrapup = true}
local SPAN = 1800000 -- as acd.Load

-- occupy keeps the agent's load, which changes only when calls let go of the agent.
local function occupy(a, from, to)
  if BUSY[to] and not BUSY[from] then a.busy_since = now end
  if BUSY[to] or not BUSY[from] then return end
  local at, busy = now / SPAN, SPAN * (1 - math.exp(((a.busy_since or now) - now) / SPAN))
  if (a.load or 0) > 0 then busy = busy + math.exp(a.load - at) end
  if busy > 0 then a.load = math.log(busy) + at end
  if a.pace then took(a.pace, now - (a.busy_since or now)) end
  a.busy_since, a.pace = nil, nil
end
