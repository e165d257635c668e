-- Forgets a stream.
-- KEYS: its head, its bytes, streams by when their time is over, what all count for
-- ARGV: its name, version
-- Answers: 1, or 0 where there is another version
local known = redis.call('HMGET', KEYS[1], 'v', 'c', 'o')
if known[1] ~= ARGV[2] then
  return 0
end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HINCRBY', KEYS[4], 'all', '-' .. known[2])
if known[3] ~= '' and redis.call('HINCRBY', KEYS[4], 'of:' .. known[3], '-' .. known[2]) <= 0 then
  redis.call('HDEL', KEYS[4], 'of:' .. known[3])
end
return 1
