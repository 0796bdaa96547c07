-- definitions_put: put definitions in force, by which the places of agents and calls are from now on.
-- KEYS[1] hash definitions
-- ARGV[1] print   ARGV[2] since when they are in force, unix ms   ARGV[3] InForce
-- Returns 1, and 0 when others are that were put in force later.
if tonumber(ARGV[2]) < tonumber(redis.call('HGET', KEYS[1], 'since') or 0) then return 0 end
redis.call('HSET', KEYS[1], 'print', ARGV[1], 'since', ARGV[2], 'body', ARGV[3])
return 1
