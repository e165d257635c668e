-- Keeps what was revoked, and tells all nodes.
-- KEYS: revoked
-- ARGV: most that are kept, milliseconds the key lives, channel of pub/sub, what is published, then when it was revoked and what, in turn
for i = 5, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'GT', ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
