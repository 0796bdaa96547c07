-- call_enqueue: take a call into a queue for one visit and look for an agent; uses lib_agent, lib_match.
-- A call that is in another queue, or by an earlier visit, moves.
-- KEYS as in lib_agent.
-- ARGV[2] call id       ARGV[3] CallRecord   ARGV[4] most callers that may be in the queue on the line, 0 unlimited
-- ARGV[5] who must be logged in, an acd.Admit   ARGV[6] unique part of the offer's id
-- ARGV[7] why it is refused as far as is known, 'closed' or ''   ARGV[8] what is kept of a place of its caller, as it was read, or ''
-- Returns {result, offer or '', position, staff when it waits, the place kept that it has got or ''},
-- with the answered offer when an agent has taken it; 'out' when it is there by a later visit, {'again'} when what ARGV[8] tells of is kept no more,
-- {'behind'} when other definitions are in force than the record's defs,
-- {'elsewhere', '', 0, visit} when an offer from where it is has to be taken back first, {'tables'} when the table of a ring is not stored.
local call, c = ARGV[2], cjson.decode(ARGV[3])
local instead, defs = c.instead, c.defs -- the callback whose place it has; by what its place is
c.instead, c.defs = nil, nil
local function answer(result, offer, rank, of)
  return {result, offer, rank, result == 'waiting' and staff(of) or 0, of.kept and cjson.encode(of.kept) or ''}
end
local before = load(CALLS, call)
local same = before and before.queue == c.queue and before.pbx == c.pbx and (before.visit or 0) == (c.visit or 0)
if before then
  if (before.visit or 0) > (c.visit or 0) then return {'out', '', 0} end
  if standing(call, before) then
    if not same then return {'elsewhere', '', 0, before.visit or 0} end
    return answer('offered', redis.call('HGET', OFFERS, before.offer), 0, before)
  end
  local rank = same and position(call, before) or 0
  if rank > 0 then return answer('waiting', '', rank, before) end
end
local taken = redis.call('HGET', TAKEN, call)
local o = taken and load(OFFERS, taken)
if o and o.call == call and o.queue == c.queue and (o.visit or 0) == (c.visit or 0) then -- an agent has answered since it was asked
  return answer('offered', redis.call('HGET', OFFERS, taken), 0, o.queued or c)
end
if not in_force(defs or '') then return {'behind'} end
if not stored(c.rings) then return {'tables'} end
local refused = not same and refusal(c, ARGV[5], tonumber(ARGV[4]), ARGV[7])
if refused then return {refused, '', 0} end
if ARGV[8] ~= '' then
  local kept = key('kept', c.queue .. ':' .. c.caller)
  if redis.call('GET', kept) ~= ARGV[8] then return {'again'} end
  redis.call('DEL', kept)
end
if before then
  unwait(call, before)
  outside(call, before)
end
local b = instead and load(CALLS, instead)
if b and b.work == 'callback' and queue_at(b) == queue_at(c) and not standing(instead, b) then
  unwait(instead, b)
  drop_call(instead, b)
end
c.since = same and before.since or c.since or now
local found = seek(call, c, ARGV[6])
if found ~= '' then return answer('offered', found, 0, c) end
await(call, c)
return answer('waiting', '', position(call, c), c)
