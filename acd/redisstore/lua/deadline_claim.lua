-- deadline_claim: hand out what is due and put it off, so that a process that dies only delays it.
-- KEYS[1] zset deadlines
-- ARGV[1] the caller's clock, unix ms   ARGV[2] how long it is put off, ms   ARGV[3] most to hand out
-- Returns {score of those handed out, score of the next or '', member, member, ...}.
local due = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[3]))
local off = tostring(tonumber(ARGV[1]) + tonumber(ARGV[2]))
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], off, member) end
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {off, head[2] or '', unpack(due)}
