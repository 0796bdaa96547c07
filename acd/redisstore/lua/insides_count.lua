-- insides_count: how many calls are in some of the queues in which somebody is.
-- KEYS[1] sorted set insides
-- Made of its members, with the same tag: inside, waiting, callbacks and astray of a queue on a group.
-- ARGV[1], ARGV[2] which of them: ranks, from and to
-- Returns of each its name, the entry of the first on the line ('inf': nobody is), and how many are
-- on the line, wait, are to be called back and are astray.
-- Where nobody of all of them is to be called back or is astray, that is not asked of each.
local PREFIX = KEYS[1]:sub(1, -1 - #'insides')
local some, rare = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES'), {}
if #some == 0 then return some end
for i = 1, #some, 2 do
  rare[i], rare[i + 1] = PREFIX .. 'callbacks:' .. some[i], PREFIX .. 'astray:' .. some[i]
end
local none = redis.call('EXISTS', unpack(rare)) == 0
local out, n = {}, 0
for i = 1, #some, 2 do
  out[n + 1], out[n + 2] = some[i], some[i + 1]
  out[n + 3] = redis.call('ZCARD', PREFIX .. 'inside:' .. some[i])
  out[n + 4] = redis.call('ZCARD', PREFIX .. 'waiting:' .. some[i])
  out[n + 5] = none and 0 or redis.call('ZCARD', rare[i])
  out[n + 6] = none and 0 or redis.call('ZCARD', rare[i + 1])
  n = n + 6
end
return out
