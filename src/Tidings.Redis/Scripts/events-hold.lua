-- Takes, renews or gives up the right to deliver to a receiver.
-- KEYS: who has it
-- ARGV: node, milliseconds; 0 gives it up
-- Answers: 1 where the node has it
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('UNLINK', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
