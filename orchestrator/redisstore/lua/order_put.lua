-- order_put: give an order to who drives a PBX, unless it was given before.
-- KEYS[1] list orders of the PBX   KEYS[2] string order   KEYS[3] string wanted
-- ARGV[1] "<id> <asker> <order>"   ARGV[2] how long it is kept, ms   ARGV[3] how long it is wanted, ms
-- Returns 1 when it is given now, 0 when it was before.
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('SET', KEYS[3], '1', 'PX', ARGV[3])
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
