-- callback_forget: a number in a queue is not to be called back any more, by that call.
-- KEYS[1] hash callbacks
-- ARGV[1] field, "<queue> <number>"   ARGV[2] id of the call
-- Returns 1 when it was, 0 when another call is to do so, or none.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
