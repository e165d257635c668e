-- Takes a client's name for a node.
-- KEYS: who has the name, leases, names of the lease
-- ARGV: lease, the node's lease before that no longer counts, name, what becomes of others ("Replace", "Refuse", "Join"), "1" where the node had it before,
--       milliseconds keys live, channel of pub/sub, node, what is published behind the name
-- Answers: the claim, which is larger than any before; 0 where another node has the name and keeps it
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local others, newest = false, 0
for _, lease in ipairs(redis.call('HKEYS', KEYS[1])) do
  if lease ~= ARGV[1] then
    if lease ~= ARGV[2] and tonumber(redis.call('ZSCORE', KEYS[2], lease) or '0') > now then
      others = true
      newest = math.max(newest, tonumber(redis.call('HGET', KEYS[1], lease)) or 0)
    else
      redis.call('HDEL', KEYS[1], lease)
    end
  end
end
if others and (ARGV[4] == 'Refuse' or (ARGV[4] == 'Replace' and ARGV[5] == '1')) then
  return 0
end
-- Larger than those of the others, though the clock was set back.
local claim = string.format('%.0f', math.max(clock[1] * 1000000 + clock[2], newest + 1))
if others and ARGV[4] == 'Replace' then
  redis.call('UNLINK', KEYS[1])
  redis.call('PUBLISH', ARGV[7], 'replaced ' .. ARGV[8] .. ' ' .. claim .. '\n' .. ARGV[3] .. ARGV[9])
end
redis.call('HSET', KEYS[1], ARGV[1], claim)
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return tonumber(claim)
