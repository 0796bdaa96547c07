-- lib_seek: how a call finds agents. Follows lib_match.

-- seek finds an agent, or with ring_all as many as may be rung, for a call; it returns
-- the first offer, '' when there is none.
local function seek(call, c, unique)
  local r = c.rings and c.rings[ring(c)]
  if not r or away_since(c.pbx) then return '' end
  local serves = key('serves', r.table)
  local q, own = rules(serves), r.lane:match('^@(.+)')
  if own then
    local a = load(AGENTS, own)
    return q and room(c, q) > 0 and a and eligible(a) and group(a) == group(c) and offer(own, a, call, c, q, unique) or ''
  end
  local found, left = '', q and room(c, q) or 0
  for _ = 1, TRIES + left do
    local profile, id
    if left > 0 then profile, id = best(serves, q.fact, q.random and lots(q, call, c, unique)) end
    if not profile then return found end
    local a = load(AGENTS, id)
    if a and eligible(a) and a.profile == profile then
      local text = offer(id, a, call, c, q, unique)
      found, left = found == '' and text or found, left - 1
    else
      unlist(id, profile, q.fact)
    end
  end
  return found
end
