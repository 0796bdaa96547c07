-- offer_finish: the conversation is over; uses lib_agent, lib_match, lib_settle.
-- KEYS as in lib_agent, of the agent's queues.
-- ARGV[2] offer id        ARGV[3] the agent's Station   ARGV[4] wrap-up, ms
-- ARGV[5] length of the conversation, ms             ARGV[6] unique part of the next offer's id
-- Returns {'ok', offer or ''}, {'gone'} when there is no such offer, {'open'} when it is not answered.
local o = load(OFFERS, ARGV[2])
if not o then return {'gone'} end
if not o.answered then return {'open'} end
local id, station, wrap = o.agent, cjson.decode(ARGV[3]), tonumber(ARGV[4])
redis.call('HDEL', OFFERS, ARGV[2])
local a = load(AGENTS, id)
if not a or a.offer ~= ARGV[2] then return {'ok', ''} end
a.calls, a.talk_ms = (a.calls or 0) + 1, (a.talk_ms or 0) + tonumber(ARGV[5])
if a.disposition then
  journal('agent.disposed', id, a,
    {call = a.call, queue = a.queue, disposition = a.disposition, by = a.disposed_by})
  a.disposition, a.disposed_by, wrap = nil, nil, 0
else
  a.last_call, a.last_queue = a.call, a.queue
end
move(id, a, a.next or (wrap > 0 and 'finish' or 'release'), a.next_why, a.next_by)
if a.state == 'wrapup' then
  a.due = now + wrap
  redis.call('ZADD', DUE, a.due, 'wrap:' .. id)
end
a.offer, a.call, a.queue, a.next, a.next_why, a.next_by = nil, nil, nil, nil, nil, nil
return {'ok', settle(id, a, station, ARGV[6])}
