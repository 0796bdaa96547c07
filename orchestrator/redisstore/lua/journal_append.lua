-- journal_append: write entries that belong to no change of a call; uses lib_journal.
-- KEYS[1] stream op:{<tenant>}:journal
-- ARGV[1...] the entries, 7 values each: type, at, call, agent, queue, pbx, data
-- Returns the id of the last entry.
local id
for i = 1, #ARGV, 7 do
  id = journal_add(KEYS[1], unpack(ARGV, i, i + 6))
end
return id
