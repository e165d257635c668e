-- Keeps a task: a new one, or in the place of its former version.
-- KEYS: task, tasks that are due
-- ARGV: the task's name in the list, version, record, milliseconds until it is due, milliseconds the keys live besides, former version ("" where it is new)
-- Answers: 1, or 0 where there is another version than that
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[6] then
  return 0
end
local clock = redis.call('TIME')
local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'r', ARGV[3])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', tonumber(ARGV[4]) + tonumber(ARGV[5])))
redis.call('ZADD', KEYS[2], string.format('%.0f', due), ARGV[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[4]) + tonumber(ARGV[5]) then
  redis.call('PEXPIRE', KEYS[2], string.format('%.0f', tonumber(ARGV[4]) + tonumber(ARGV[5])))
end
return 1
