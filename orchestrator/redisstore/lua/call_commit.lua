-- call_commit: store a revision of a call and append its journal entries; uses lib_journal.
-- KEYS[1] hash   op:{<tenant>}:call:<call>   fields rev, holder, doc
-- KEYS[2] zset   op:{<tenant>}:live:<pbx>    member <call>, score deadline in unix ms
-- KEYS[3] stream op:{<tenant>}:journal
-- KEYS[4] hash   op:{<tenant>}:epoch:<pbx>   fields epoch, holder
-- KEYS[5] list   op:{<tenant>}:came:<pbx>    channels on which calls came in, the last first
-- ARGV[1] epoch of the lease   ARGV[2] holder: its instance and process
-- ARGV[3] call id   ARGV[4] its revision   ARGV[5] the call as JSON
-- ARGV[6] earliest deadline, unix ms; '' when the call has ended
-- ARGV[7] the channel on which a new call came in, or ''
-- ARGV[8...] the entries, 7 values each: type, at, call, agent, queue, pbx, data
-- An ended call is kept for an hour, and the last thousand arrivals.
-- Returns {'stored'}; {'repeated'} when exactly this was stored before: nothing is appended again;
-- {'fenced', epoch} when another lease is in force; {'stale', rev} when that revision or a later one is stored.
local epoch, rev = tonumber(ARGV[1]), tonumber(ARGV[4])
local held = redis.call('HMGET', KEYS[4], 'epoch', 'holder')
local current = tonumber(held[1] or 0)
if current > epoch or (current == epoch and held[2] ~= ARGV[2]) then
  return {'fenced', tostring(current)}
end
local was = redis.call('HMGET', KEYS[1], 'rev', 'holder')
local stored = tonumber(was[1] or 0)
if stored >= rev then
  if stored == rev and was[2] == ARGV[2] and redis.call('HGET', KEYS[1], 'doc') == ARGV[5] then
    return {'repeated'}
  end
  return {'stale', tostring(stored)}
end
if current < epoch then -- Redis lost the taking of this lease
  redis.call('HSET', KEYS[4], 'epoch', ARGV[1], 'holder', ARGV[2])
end
redis.call('HSET', KEYS[1], 'rev', ARGV[4], 'holder', ARGV[2], 'doc', ARGV[5])
if ARGV[6] == '' then
  redis.call('ZREM', KEYS[2], ARGV[3])
  redis.call('EXPIRE', KEYS[1], 3600)
else
  redis.call('ZADD', KEYS[2], ARGV[6], ARGV[3])
end
if ARGV[7] ~= '' then
  redis.call('LPUSH', KEYS[5], ARGV[7])
  redis.call('LTRIM', KEYS[5], 0, 999)
end
for i = 8, #ARGV, 7 do
  journal_add(KEYS[3], unpack(ARGV, i, i + 6))
end
return {'stored'}
