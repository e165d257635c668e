-- Takes erased events out of a queue, and what was told of it out of memory: a stream keeps the bytes of an entry that was deleted until all those beside it have gone, too, so it is written anew.
-- KEYS: queue, its state
-- ARGV: ids
-- Answers: how many were there
local erased, count = {}, 0
for _, id in ipairs(ARGV) do
  erased[id] = true
end
local entries = redis.call('XRANGE', KEYS[1], '-', '+')
local left = redis.call('PTTL', KEYS[1])
redis.call('UNLINK', KEYS[1])
for _, entry in ipairs(entries) do
  if erased[entry[1]] then
    redis.call('HINCRBY', KEYS[2], 'b', -#(entry[2][2] or ''))
    count = count + 1
  else
    redis.call('XADD', KEYS[1], entry[1], unpack(entry[2]))
  end
end
if left > 0 then
  redis.call('PEXPIRE', KEYS[1], left)
end
-- Who has read the queue reads it anew.
redis.call('HINCRBY', KEYS[2], 'e', 1)
return count
