-- lease_release: give the right to drive a PBX back.
-- KEYS[1] hash op:{<tenant>}:lease:<pbx>   fields instance, holder, epoch
-- KEYS[2] hash op:{<tenant>}:epoch:<pbx>   fields epoch, holder
-- ARGV[1] holder: instance and process   ARGV[2] epoch
-- Returns 1 when the lease is given back, also before; 0 when it is another's.
local last = redis.call('HMGET', KEYS[2], 'epoch', 'holder')
if last[1] ~= ARGV[2] then
  return 0
end
if last[2] == ARGV[1] then
  redis.call('HSET', KEYS[2], 'holder', '')
  redis.call('DEL', KEYS[1])
  return 1
end
return last[2] == '' and 1 or 0
