-- Takes a client's name for a node.
-- KEYS: who has the name, leases, names of the lease
-- ARGV: lease, the node's lease before that no longer counts, name, what becomes of others of the same right ("Replace", "Refuse", "Join"),
--       "1" where the node had it before, milliseconds keys live, channel of pub/sub, node, what is published behind the name,
--       the right to the name (0: somebody anonymous)
-- Answers: the claim, which is larger than any before; 0 where another node has the name and keeps it; -1 where another node's client has a better right to it
-- The key holds a claim for each lease that has the name, and in "right" the right that all of them have.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local others, own, newest = false, false, 0
for _, lease in ipairs(redis.call('HKEYS', KEYS[1])) do
  if lease == ARGV[1] then
    own = true
  elseif lease ~= 'right' then
    if lease ~= ARGV[2] and tonumber(redis.call('ZSCORE', KEYS[2], lease) or '0') > now then
      others = true
      newest = math.max(newest, tonumber(redis.call('HGET', KEYS[1], lease)) or 0)
    else
      redis.call('HDEL', KEYS[1], lease)
    end
  end
end
local right = tonumber(ARGV[10])
local best = (others or own) and tonumber(redis.call('HGET', KEYS[1], 'right') or '0') or 0
if others and best > right then
  return -1
end
if others and best == right and (ARGV[4] == 'Refuse' or (ARGV[4] == 'Replace' and ARGV[5] == '1')) then
  return 0
end
-- Larger than those of the others, though the clock was set back.
local claim = string.format('%.0f', math.max(clock[1] * 1000000 + clock[2], newest + 1))
if others and (best < right or ARGV[4] == 'Replace') then
  redis.call('UNLINK', KEYS[1])
  redis.call('PUBLISH', ARGV[7], 'replaced ' .. ARGV[8] .. ' ' .. claim .. '\n' .. ARGV[3] .. ARGV[9])
end
-- Of its own clients a node judges by itself: the better right of one of them is not lowered here.
redis.call('HSET', KEYS[1], ARGV[1], claim, 'right', string.format('%.0f', math.max(best, right)))
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return tonumber(claim)
