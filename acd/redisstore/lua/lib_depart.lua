-- lib_depart: how an agent leaves a call, with what was remembered until then. Follows lib_settle.

-- forget drops what was remembered until the call ends.
local function forget(a) a.next, a.next_why, a.next_by = nil, nil, nil end

-- depart moves the agent by what is remembered, else by the trigger.
local function depart(id, a, trigger, why, by)
  if a.next then trigger, why, by = a.next, a.next_why, a.next_by end
  forget(a)
  return move(id, a, trigger, why, by)
end

-- part takes from the agent what belonged to the call that is over.
local function part(a)
  a.offer, a.call, a.queue = nil, nil, nil
  a.disposition, a.disposed_by, a.outcomes, a.notes = nil, nil, nil, nil
end

-- holder returns the agent who has an offer; nil when the agent named has another, or none.
local function holder(id, offer)
  local a = load(AGENTS, id)
  return a and a.offer == offer and a or nil
end

-- on_phone notes that the agent who is free now asked for it at the phone, which
-- is in that call: it is rung when the PBX says that it is free, or after some
-- time if the PBX says nothing.
local function on_phone(id, a, ms)
  if ms <= 0 or a.state ~= 'available' or (a.device == 'busy' and not a.hearsay) then return end
  a.device, a.device_at, a.hearsay = 'busy', now, true
  a.rest, a.rest_min, a.rest_for = now + ms, now, 'busy'
  redis.call('ZADD', due(a.pbx), a.rest, 'rest:' .. id)
end
