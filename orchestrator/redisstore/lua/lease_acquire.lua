-- lease_acquire: take or renew the right to drive a PBX.
-- KEYS[1] hash op:{<tenant>}:lease:<pbx>   fields instance, holder, epoch; expires with the lease
-- KEYS[2] hash op:{<tenant>}:epoch:<pbx>   fields epoch, holder; no expiry
-- ARGV[1] instance   ARGV[2] holder: instance and process   ARGV[3] time to live, ms
-- ARGV[4] epoch that this holder had last, 0 for none: Redis may have lost it
-- ARGV[5] a holder that is certainly not alive any more, '' for none
-- Returns {1, epoch} when the lease is this holder's now, {0, instance, holder} when another has it.
local last = redis.call('HMGET', KEYS[2], 'epoch', 'holder')
local epoch, holder = tonumber(last[1] or 0), last[2]
if tonumber(ARGV[4]) > epoch then
  epoch, holder = tonumber(ARGV[4]), ARGV[2]
end
if holder ~= ARGV[2] then
  local held = redis.call('HMGET', KEYS[1], 'instance', 'holder')
  if held[2] and held[2] ~= ARGV[2] and held[2] ~= ARGV[5] then
    return {0, held[1], held[2]}
  end
  epoch = epoch + 1
end
local text = string.format('%.0f', epoch)
redis.call('HSET', KEYS[2], 'epoch', text, 'holder', ARGV[2])
redis.call('HSET', KEYS[1], 'instance', ARGV[1], 'holder', ARGV[2], 'epoch', text)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {1, text}
