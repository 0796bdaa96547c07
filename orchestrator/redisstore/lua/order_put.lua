-- order_put: give an order to who drives a PBX, unless it was given before.
-- KEYS[1] list orders of the PBX   KEYS[2] string order
-- ARGV[1] "<id> <order>"   ARGV[2] how long it is kept, ms
-- Returns 1 when it is given now, 0 when it was before.
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
