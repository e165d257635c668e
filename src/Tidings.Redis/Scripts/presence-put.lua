-- Says that somebody is there by a node, and tells those who watch where the user was not there yet.
-- KEYS: connections by lease and user, members, channels of the lease
-- ARGV: lease, user, the user's connections by this node, what is known of the user, channel, channel of pub/sub, what is published, milliseconds keys live
-- Answers: 1 where the user was not there yet
redis.call('HSET', KEYS[1], ARGV[1] .. ARGV[2], ARGV[3])
redis.call('SADD', KEYS[3], ARGV[5])
local new = redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[4])
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[8])
end
if new == 1 then
  redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return new
