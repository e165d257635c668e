-- Begins or renews a node's lease, by the server's clock. A lease that has ended never lives again: the node begins another one.
-- KEYS: leases
-- ARGV: lease, milliseconds it lives, "1" where it begins, milliseconds the key lives
-- Answers: {"ended"} where it can't be renewed; else {"held", leases that have ended, at most 16}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if ARGV[3] ~= '1' then
  local ends = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0')
  if ends <= now then
    return {'ended'}
  end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local answer = {'held'}
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 16)) do
  answer[#answer + 1] = lease
end
return answer
