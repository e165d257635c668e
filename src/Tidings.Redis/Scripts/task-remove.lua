-- Forgets a task.
-- KEYS: task, tasks that are due
-- ARGV: the task's name in the list, version
if redis.call('HGET', KEYS[1], 'v') == ARGV[2] then
  redis.call('UNLINK', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
end
return 1
