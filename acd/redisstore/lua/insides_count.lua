-- insides_count: how many calls are in some of the queues in which somebody is.
-- KEYS[1] sorted set insides
-- Made of its members, with the same tag: inside, waiting, callbacks and astray of a queue on a group.
-- ARGV[1], ARGV[2] which of them: ranks, from and to
-- Returns of each its name, the entry of the first on the line ('inf': nobody is), and how many are
-- on the line, wait, are to be called back and are astray.
local PREFIX = KEYS[1]:sub(1, -1 - #'insides')
local out, some = {}, redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
for i = 1, #some, 2 do
  out[#out + 1], out[#out + 2] = some[i], some[i + 1]
  for _, set in ipairs({'inside:', 'waiting:', 'callbacks:', 'astray:'}) do
    out[#out + 1] = redis.call('ZCARD', PREFIX .. set .. some[i])
  end
end
return out
