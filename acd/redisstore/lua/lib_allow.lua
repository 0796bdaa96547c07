-- lib_allow: whether a pause is within the limits of its reason. Follows lib_depart.

-- crowded tells whether so many others pause for a reason, or will, in one of the scopes.
-- A member whose record says otherwise was left behind by a store that lost something.
local function crowded(id, why, allow)
  for _, scope in ipairs(allow['in']) do
    local set, n = key('away', why .. ':' .. scope), 0
    if redis.call('SCARD', set) >= allow.at_once then
      for _, other in ipairs(redis.call('SMEMBERS', set)) do
        local a = load(AGENTS, other)
        if not a or not a.away or not (',' .. a.away .. ','):find(',' .. why .. ':' .. scope .. ',', 1, true) then
          redis.call('SREM', set, other)
        elseif other ~= id then
          n = n + 1
        end
      end
    end
    if n >= allow.at_once then return true end
  end
  return false
end

-- beyond returns which limit a pause would be beyond, nil when none, and what it takes to
-- count it (keep). An Allowance says what is allowed.
local function beyond(id, a, why, allow)
  local b = breaks(id)
  local e = limited(b, why, allow)
  local full = used(e, a, why, 1)
  e.crowd = not full and allow.at_once > 0 and crowded(id, why, allow) or nil
  return full or e.crowd and 'at_once', b
end
