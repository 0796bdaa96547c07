-- deadline_drop: remove a claimed deadline that fits nothing, unless it was set anew meanwhile.
-- KEYS[1] zset deadlines
-- ARGV[1] member   ARGV[2] its score when it was claimed
-- Returns 1 when removed, 0 when not.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
