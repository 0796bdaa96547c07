-- lease_acquire: take or renew the right to drive a PBX.
-- KEYS[1] hash op:{<tenant>}:lease:<pbx>   fields instance, holder, epoch; expires with the lease
-- KEYS[2] hash op:{<tenant>}:epoch:<pbx>   fields epoch, holder; no expiry
-- ARGV[1] instance   ARGV[2] holder: instance and process   ARGV[3] time to live, ms
-- ARGV[4] the highest epoch that this process knows of, 0 for none: Redis may have lost it
-- ARGV[5] its instance   ARGV[6] its holder
-- ARGV[7] a holder that is certainly not alive any more, '' for none
-- A lease that is lost is put back for its holder, who may be alive and has that long to renew it.
-- Returns {1, epoch} when the lease is this holder's now, {0, instance, holder, epoch} when another has it.
local function put(epoch, instance, holder)
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'holder', holder)
  redis.call('HSET', KEYS[1], 'instance', instance, 'holder', holder, 'epoch', epoch)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local last = redis.call('HMGET', KEYS[2], 'epoch', 'holder')
local epoch, holder = tonumber(last[1] or 0), last[2]
local lost = tonumber(ARGV[4]) > epoch
if lost then epoch, holder = tonumber(ARGV[4]), ARGV[6] end
if holder ~= ARGV[2] then
  local held = redis.call('HMGET', KEYS[1], 'instance', 'holder', 'epoch')
  if lost and not held[2] and holder ~= ARGV[7] then
    put(ARGV[4], ARGV[5], holder)
    held = {ARGV[5], holder, ARGV[4]}
  end
  if held[2] and held[2] ~= ARGV[2] and held[2] ~= ARGV[7] then
    return {0, held[1], held[2], held[3]}
  end
  epoch = epoch + 1
end
local text = string.format('%.0f', epoch)
put(text, ARGV[1], ARGV[2])
return {1, text}
