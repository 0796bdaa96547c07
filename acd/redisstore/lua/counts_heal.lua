-- counts_heal: make the counts of agents what the records say, unless one has changed since they were read.
-- KEYS[1] hash counts
-- ARGV[1] its field rev when the reading began, '' when there was none   ARGV[2] {field: count} of the records
-- Returns 1 when they were put right, 0 when they fit, -1 when one has changed.
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[1] then return -1 end
local want, have, fits = cjson.decode(ARGV[2]), redis.call('HGETALL', KEYS[1]), true
for i = 1, #have, 2 do
  if have[i] ~= 'rev' then fits = fits and want[have[i]] == tonumber(have[i + 1]) end
  if have[i] ~= 'rev' then have[have[i]] = true end
end
for field in pairs(want) do fits = fits and have[field] == true end
if fits then return 0 end
redis.call('DEL', KEYS[1])
for field, n in pairs(want) do redis.call('HSET', KEYS[1], field, n) end
redis.call('HSET', KEYS[1], 'rev', (tonumber(ARGV[1]) or 0) + 1)
return 1
