-- queues_used: which of some queues somebody belongs to yet, seen at one moment.
-- KEYS[1] hash calls   KEYS[2] hash offers   KEYS[3] hash agents
-- ARGV ids of queues
-- Returns those in which a call is, waiting or rung, in line or for one agent alone, of which a
-- conversation is, or a wrap-up.
local used, found = {}, {}

-- A call or an offer for one agent alone is of the queue that it came from.
local function of(r) return r.of or r.queue end
local function agent_of(r)
  if r.state == 'talking' then return r.queue end -- the offer may be lost
  return r.state == 'wrapup' and r.last_queue
end

-- look decodes what may name a queue; of what cannot be read it is taken to.
local function look(hash, belongs)
  for _, text in ipairs(redis.call('HVALS', hash)) do
    for _, queue in ipairs(ARGV) do
      if not used[queue] and text:find('"' .. queue .. '"', 1, true) then
        local ok, r = pcall(cjson.decode, text)
        used[queue] = not ok or type(r) ~= 'table' or belongs(r) == queue
      end
    end
  end
end

look(KEYS[1], of)
look(KEYS[2], of)
look(KEYS[3], agent_of)
for _, queue in ipairs(ARGV) do
  if used[queue] then found[#found + 1] = queue end
end
return found
