-- journal_trim: note how far a reader is and forget what is old and on record with every reader.
-- KEYS[1] stream op:{<tenant>}:journal
-- KEYS[2] hash   op:{<tenant>}:journal:readers   field <reader>, value '<id> <unix ms>': its place, and when it said so
-- ARGV[1] reader   ARGV[2] id of the last entry that it has on record, '0-0' for none
-- ARGV[3] now, unix ms   ARGV[4] what is older than this (unix ms) may go
-- ARGV[5] a reader unheard of since this (unix ms) is named   ARGV[6] ... is forgotten
-- ARGV[7...] the fields of that entry, name and value by turns
-- Returns the names of the readers that are silent. There are as many readers as databases: few.
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local place, silent = ARGV[2], {}
local found, fields = redis.call('XRANGE', KEYS[1], place, place)[1], {}
for i = 1, found and #found[2] or 0, 2 do
  fields[found[2][i]] = found[2][i + 1]
end
for i = 7, #ARGV, 2 do
  if not found or (fields[ARGV[i]] or '') ~= ARGV[i + 1] then
    place = '0-0' -- a place in a history that Redis has lost says nothing about this one
  end
end
redis.call('HSET', KEYS[2], ARGV[1], place .. ' ' .. ARGV[3])
local first, ms, seq = place, parts(place)
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local id, heard = string.match(all[i + 1], '^(%S+) (%d+)$')
  if tonumber(heard) < tonumber(ARGV[6]) then
    redis.call('HDEL', KEYS[2], all[i])
  else
    local m, n = parts(id)
    if m < ms or (m == ms and n < seq) then
      first, ms, seq = id, m, n
    end
    if tonumber(heard) < tonumber(ARGV[5]) then
      silent[#silent + 1] = all[i]
    end
  end
end
if tonumber(ARGV[4]) <= ms then
  first = ARGV[4] .. '-0'
end
redis.call('XTRIM', KEYS[1], 'MINID', first)
return silent
