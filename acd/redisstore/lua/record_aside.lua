-- record_aside: set a record aside that cannot be read, unless it was written anew.
-- KEYS[1] hash of records   KEYS[2], KEYS[3] hashes broken and was
-- ARGV[1] id   ARGV[2] the text as it was read   ARGV[3] field of broken   ARGV[4] how long it is kept, s
-- Returns 1 when set aside, 0 when it is another by now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
for _, aside in ipairs({KEYS[2], KEYS[3]}) do
  redis.call('HSET', aside, ARGV[3], ARGV[2])
  redis.call('EXPIRE', aside, ARGV[4])
end
return 1
