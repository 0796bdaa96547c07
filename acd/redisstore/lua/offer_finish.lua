-- offer_finish: the conversation is over; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent.
-- ARGV[2] offer id        ARGV[3] agent id   ARGV[4] wrap-up, ms
-- ARGV[5] length of the conversation, ms             ARGV[6] unique part of the next offer's id
-- ARGV[7] how long it is kept in mind that the agent served the caller, ms; 0: not
-- ARGV[8] what holds after the call, a Closing
-- Returns {'ok', offer or ''}, {'gone'} when there is no such offer, {'open'} when it is not answered.
local wrap = tonumber(ARGV[4])
local o = load(OFFERS, ARGV[2])
local id = o and o.agent or ARGV[3]
local a = holder(id, ARGV[2])
if not o and not (a and a.state == 'talking') then return {'gone'} end -- one that the store lost frees its agent all the same
if o and not o.answered then return {'open'} end
redis.call('HDEL', OFFERS, ARGV[2])
if o then untake(o.call, ARGV[2]) end
local c, keep = o and o.queued, tonumber(ARGV[7])
if c and (c.caller or '') ~= '' and keep > 0 and tonumber(ARGV[5]) > 0 then
  redis.call('SET', key('last', (o.of or o.queue) .. ':' .. c.caller), id, 'PX', keep)
end
if not a then return {'ok', ''} end
if tonumber(ARGV[5]) > 0 or not (o and o.makes) then -- whom the agent called and did not reach is no conversation
  a.calls, a.served, a.talk_ms = (a.calls or 0) + 1, (a.served or 0) + 1, (a.talk_ms or 0) + tonumber(ARGV[5])
end
if o and o.queued then a.pace = (o.of or o.queue) .. '@' .. group(a) end
local closing, of = cjson.decode(ARGV[8]), o and o.of or a.queue
if a.disposition then
  disposed(id, a, a.call, of, a.outcomes or {{name = a.disposition}}, a.disposed_by, a.notes)
  wrap, closing = 0, {}
else
  a.last_call, a.last_queue, a.default = a.call, of, closing.default
end
if (wrap > 0 or closing.required) and a.next_by ~= 'reload' then
  a.due, a.more_ms, a.most_ms, a.owes = now + wrap, closing.more_ms, closing.most_ms, closing.required or nil
  move(id, a, 'finish') -- what is remembered waits for the end of wrap-up
else
  wrapped(id, a) -- which it has none to be in
  depart(id, a, 'release')
end
if a.state == 'wrapup' then
  redis.call('ZADD', due(a.pbx), a.due, 'wrap:' .. id)
end
part(a)
return {'ok', settle(id, a, ARGV[6])}
