-- Counts a connection of a user, unless the user has as many as allowed by all nodes whose lease holds.
-- KEYS: leases, connections by user of the lease
-- ARGV: lease, user, the user's connections by this node with this one, how many are allowed, milliseconds the key lives, what stands before and behind a lease in the name of such a key
-- Answers: 1 where it is counted
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local sum = tonumber(ARGV[3])
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  if lease ~= ARGV[1] then
    sum = sum + (tonumber(redis.call('HGET', ARGV[6] .. lease .. ARGV[7], ARGV[2]) or '0') or 0)
  end
end
if sum > tonumber(ARGV[4]) then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1
