-- Takes, renews or gives up the right to deliver to a receiver, and says what is asked of the node that has it.
-- KEYS: who has it, the queue's state, whether somebody follows, whether somebody wants everything told at once
-- ARGV: node, milliseconds (0 gives it up), what the delivery is like, milliseconds keys live
-- Answers: {1 where the node has it, 1 where everything is to be told at once, 1 where somebody follows}
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return {0, 0, 0}
end
if ARGV[2] == '0' then
  redis.call('UNLINK', KEYS[1])
  return {0, 0, 0}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {1, redis.call('UNLINK', KEYS[4]), redis.call('EXISTS', KEYS[3])}
