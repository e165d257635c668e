-- Takes events out of a queue.
-- KEYS: queue, its state
-- ARGV: how many more are to be told as dropped, then of each event its id and its bytes
-- Answers: how many were there
local there = 0
for i = 2, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[2], 'b', -ARGV[i + 1])
    there = there + 1
  end
end
if ARGV[1] ~= '0' and redis.call('HINCRBY', KEYS[2], 't', ARGV[1]) < 0 then
  redis.call('HSET', KEYS[2], 't', '0')
end
return there
