-- lib_outcome: the dispositions of calls. Follows lib_staff.
-- ARGV[1] as in lib_agent

-- disposed puts the dispositions of a call on record; those after the first are beside it.
local function disposed(id, a, call, queue, given, by, notes)
  for i, g in ipairs(given) do
    journal_add(KEYS[4], 'agent.disposed', ARGV[1], call, id, queue, a.pbx, cjson.encode({call = call, queue = queue, by = by,
      disposition = g.name, path = g.path ~= g.name and g.path or nil, also = i > 1 or nil, notes = i == 1 and notes or nil}))
  end
end

-- wrapped takes from the agent what held for the end of a call, which gets its default if it has none.
local function wrapped(id, a)
  if a.default and a.last_call then disposed(id, a, a.last_call, a.last_queue, {a.default}, 'default') end
  a.due, a.more_ms, a.most_ms, a.owes, a.owed, a.default = nil, nil, nil, nil, nil, nil
  redis.call('ZREM', due(a.pbx), 'wrap:' .. id)
end
