-- Keeps a task: a new one, or in the place of its former version.
-- KEYS: task, tasks that are due, their clock
-- ARGV: the task's name in the list, version, record, milliseconds until it is due, milliseconds the keys live besides, former version ("" where it is new)
-- Answers: 1, or 0 where there is another version than that
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[6] then
  return 0
end
-- By a clock that is never set back: the server's, and what that was set back by.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local known = redis.call('HMGET', KEYS[3], 'c', 's')
local reached, back = tonumber(known[1]) or 0, tonumber(known[2]) or 0
if now + back < reached then
  back = reached - now
end
redis.call('HSET', KEYS[3], 'c', string.format('%.0f', now + back), 's', string.format('%.0f', back))
local due = now + back + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'r', ARGV[3])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', tonumber(ARGV[4]) + tonumber(ARGV[5])))
redis.call('ZADD', KEYS[2], string.format('%.0f', due), ARGV[1])
for i = 2, 3 do
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[4]) + tonumber(ARGV[5]) then
    redis.call('PEXPIRE', KEYS[i], string.format('%.0f', tonumber(ARGV[4]) + tonumber(ARGV[5])))
  end
end
return 1
