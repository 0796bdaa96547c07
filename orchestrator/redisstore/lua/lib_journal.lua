-- lib_journal: how an entry is written to the journal. Put before a script.
-- journal_add(stream, type, at, call, agent, queue, pbx, data): at is unix ms, data is JSON text; nil is ''.
local function journal_add(stream, kind, at, call, agent, queue, pbx, data)
  return redis.call('XADD', stream, '*', 'type', kind, 'at', at, 'call', call or '', 'agent', agent or '',
    'queue', queue or '', 'pbx', pbx or '', 'data', data or '')
end
