-- callback_claim: promise a callback to a number in a queue, unless it is promised one already.
-- KEYS[1] hash callbacks
-- ARGV[1] field, "<queue> <number>"   ARGV[2] id of the call that is to call back
-- ARGV[3] id of the one that is known to be over, in whose place it may be put; '' is none
-- Returns the id of the call that is to call back.
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before and before ~= ARGV[3] then return before end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
