-- table_store: keep what a lane asks for. Tables are named by their content, so one that is there is the same.
-- KEYS[1] hash serves  profile -> rank, '' -> LaneRules
-- ARGV[1] a list of fields and values   ARGV[2] how long it is kept unless a call asks for it, s
-- Returns 1.
redis.call('HSET', KEYS[1], unpack(cjson.decode(ARGV[1])))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
