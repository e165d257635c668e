-- Gives a client's name back, and tells all nodes where it was the last one that had it.
-- KEYS: who has the name, leases, names of the lease
-- ARGV: lease, claim ("" for whichever), name, channel of pub/sub, what is published before the name, and behind it
-- Answers: 1 where nobody has it any more
local claim = redis.call('HGET', KEYS[1], ARGV[1])
if not claim or (ARGV[2] ~= '' and claim ~= ARGV[2]) then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[3], ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, lease in ipairs(redis.call('HKEYS', KEYS[1])) do
  if tonumber(redis.call('ZSCORE', KEYS[2], lease) or '0') > now then
    return 0
  end
end
redis.call('UNLINK', KEYS[1])
redis.call('PUBLISH', ARGV[4], ARGV[5] .. '\n' .. ARGV[3] .. ARGV[6])
return 1
