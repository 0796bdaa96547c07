-- agent_pin: count a PIN that somebody gave, and lock agent and phone after too many wrong ones.
-- KEYS[1] hash pin  wrong (in a row), until (locked, unix ms), of the agent
-- KEYS[2] hash pin  the same of the phone; the agent's again when it came from no phone
-- ARGV[1] the caller's clock, unix ms   ARGV[2] '1' when the PIN is right   ARGV[3] wrong ones that are free
-- ARGV[4] first pause, ms               ARGV[5] longest pause, ms            ARGV[6] when all is forgotten, ms
-- Returns {for how long it is locked in ms, wrong ones until now}; when locked, nothing was looked at or counted.
local now, free, first, most = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local keys = KEYS[1] == KEYS[2] and {KEYS[1]} or {KEYS[1], KEYS[2]}
local locked, wrong = 0, 0
for _, key in ipairs(keys) do
  local n, till = unpack(redis.call('HMGET', key, 'wrong', 'until'))
  wrong = math.max(wrong, tonumber(n) or 0)
  locked = math.max(locked, math.min((tonumber(till) or 0) - now, most)) -- a clock that went back locks nobody for longer
end
if locked > 0 then return {locked, wrong} end
if ARGV[2] == '1' then
  redis.call('DEL', unpack(keys))
  return {0, wrong}
end
for _, key in ipairs(keys) do
  local n = redis.call('HINCRBY', key, 'wrong', 1)
  wrong = math.max(wrong, n)
  if n >= free then redis.call('HSET', key, 'until', now + math.min(first * 2 ^ math.min(n - free, 20), most)) end
  redis.call('PEXPIRE', key, ARGV[6])
end
return {0, wrong}
