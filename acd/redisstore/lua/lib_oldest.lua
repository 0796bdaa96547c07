-- lib_oldest: how an agent who is free finds calls. Follows lib_match.

local PAGE, AT_ONCE = 100, 1000 -- lanes

-- behind returns the rank of the first lane that comes after one, which may be gone: then those of its score are looked at anew.
local function behind(score, lane)
  local lanes, score = PREFIX .. 'lanes', score:match('[^(]+') -- an operadora before this left a bracket there
  if lane and redis.call('ZSCORE', lanes, lane) == score then return redis.call('ZRANK', lanes, lane) + 1 end
  return redis.call('ZCOUNT', lanes, '-inf', '(' .. score)
end

-- oldest returns the call that waits longest of all that the agent may serve: the
-- first of the agent's own lane, or of the first lane that the profile serves, of as many as are looked at
-- at once, behind the one that was looked at last; and score and name of the last, where others are left.
local function oldest(id, a, score_last, lane_last)
  local own = redis.call('ZRANGE', key('lane', '@' .. id), 0, 0, 'WITHSCORES')
  local call, lane, score = own[1], '@' .. id, tonumber(own[2] or nil)
  local from = score_last and behind(score_last, lane_last) or 0
  for n = from, a.profile and from + AT_ONCE - 1 or -1, PAGE do
    local page = redis.call('ZRANGE', PREFIX .. 'lanes', n, n + PAGE - 1, 'WITHSCORES')
    for i = 1, #page, 2 do
      local s = tonumber(page[i + 1])
      if call and s > score then return call, lane end
      if redis.call('HEXISTS', key('serves', page[i]), a.profile) == 1 then
        local head = redis.call('ZRANGE', key('lane', page[i]), 0, 0)[1]
        if head and (not call or s < score or head < call) then call, lane, score = head, page[i], s end
      end
      lane_last, score_last = page[i], page[i + 1]
    end
    if #page < 2 * PAGE then return call, lane end
  end
  return call, lane, score_last, lane_last
end
