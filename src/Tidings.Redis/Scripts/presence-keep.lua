-- Has what a node has put in of a channel live on, and looks whether it is still there: a key that was evicted takes all that was in it along.
-- KEYS: connections by lease and user, members, channels of the lease
-- ARGV: lease, somebody who is there by the node, milliseconds keys live
-- Answers: 1 where the user is still in both
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[3])
end
return redis.call('HEXISTS', KEYS[1], ARGV[1] .. ARGV[2]) * redis.call('HEXISTS', KEYS[2], ARGV[2]) * redis.call('EXISTS', KEYS[3])
