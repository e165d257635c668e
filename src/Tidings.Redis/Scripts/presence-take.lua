-- Says that somebody is no longer there by a node, and tells those who watch where the user is there by no other one.
-- KEYS: connections by lease and user, members, leases
-- ARGV: lease, user, channel of pub/sub, what is published
-- Answers: 1 where the user has gone
redis.call('HDEL', KEYS[1], ARGV[1] .. ARGV[2])
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. now, '+inf')) do
  if redis.call('HEXISTS', KEYS[1], lease .. ARGV[2]) == 1 then
    return 0
  end
end
if redis.call('HDEL', KEYS[2], ARGV[2]) == 1 then
  redis.call('PUBLISH', ARGV[3], ARGV[4])
  return 1
end
return 0
