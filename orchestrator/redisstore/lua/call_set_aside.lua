-- call_set_aside: take a record that nobody can read out of the live set.
-- KEYS[1] hash op:{<tenant>}:call:<call>   fields rev, holder, doc
-- KEYS[2] zset op:{<tenant>}:live:<pbx>    member <call>
-- KEYS[3] hash op:{<tenant>}:epoch:<pbx>   fields epoch, holder
-- ARGV[1] epoch of the lease   ARGV[2] holder: its instance and process
-- ARGV[3] call id   ARGV[4] how long the record is kept for whoever looks into it, ms
-- Returns {'stored'}; {'fenced', epoch} when another lease is in force.
local held = redis.call('HMGET', KEYS[3], 'epoch', 'holder')
local current = tonumber(held[1] or 0)
if current > tonumber(ARGV[1]) or (current == tonumber(ARGV[1]) and held[2] ~= ARGV[2]) then
  return {'fenced', tostring(current)}
end
redis.call('ZREM', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'stored'}
