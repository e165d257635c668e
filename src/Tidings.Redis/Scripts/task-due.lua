-- Lists tasks that are due, or all, the longest waiting first.
-- KEYS: tasks that are due, their clock (see task-put)
-- ARGV: what stands before a task's name in its key, most tasks, "due" or "all"
-- Answers: {version, record, …}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local known = redis.call('HMGET', KEYS[2], 'c', 's')
local reached, back = tonumber(known[1]) or 0, tonumber(known[2]) or 0
if known[1] then
  now = math.max(now + back, reached)
  redis.call('HSET', KEYS[2], 'c', string.format('%.0f', now), 's', string.format('%.0f', now - (clock[1] * 1000 + math.floor(clock[2] / 1000))))
end
local last = ARGV[3] == 'all' and '+inf' or string.format('%.0f', now)
local found = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', last, 'LIMIT', 0, ARGV[2])) do
  local task = redis.pcall('HMGET', ARGV[1] .. name, 'v', 'r')
  if task[1] and task[2] then
    found[#found + 1] = task[1]
    found[#found + 1] = task[2]
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
return found
