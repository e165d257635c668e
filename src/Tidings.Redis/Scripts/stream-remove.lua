-- Forgets a stream.
-- KEYS: its head, its bytes, streams by when their time is over, what all count for
-- ARGV: its name, version, then for each whose share changes: whose ("" for the server's), how much more (below zero)
-- Answers: 1, or 0 where there is another version
if redis.call('HGET', KEYS[1], 'v') ~= ARGV[2] then
  return 0
end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
for i = 3, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[4], 'all', ARGV[i + 1])
  if ARGV[i] ~= '' and redis.call('HINCRBY', KEYS[4], 'of:' .. ARGV[i], ARGV[i + 1]) <= 0 then
    redis.call('HDEL', KEYS[4], 'of:' .. ARGV[i])
  end
end
return 1
