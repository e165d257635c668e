-- Begins or renews a node's lease, by the server's clock. A lease that has ended never lives again: the node begins another one.
-- KEYS: leases, rule by which the nodes that have them spread names over servers
-- ARGV: lease, milliseconds it lives, "1" where it begins, milliseconds the key lives, the longest that any lease lives, milliseconds since the last renewal by the node's own clock,
--       "1" where the server has refused to renew it since then, the node's rule, the node's lease before this one ("" for none)
-- Answers: {"spread", rule} where it begins and nodes of another rule are there; {"ended"} where it can't be renewed; else {"held", leases that have ended, at most 16}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- Where the clock was set back, no lease lasts longer than one that begins now.
local longest = string.format('%.0f', now + ARGV[5])
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. longest, '+inf')) do
  redis.call('ZADD', KEYS[1], longest, lease)
end
local rule = redis.call('GET', KEYS[2])
if ARGV[3] == '1' and rule ~= ARGV[8] and (rule or not string.find(ARGV[8], '1 of 1', 1, true)) then
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')) do
    if lease ~= ARGV[9] then
      return {'spread', rule or ''}
    end
  end
end
if ARGV[3] ~= '1' then
  local ends = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0')
  -- A lease that others renewed before the server refused to may end as much later as it takes to renew one.
  local refused = ARGV[7] == '1' and math.max(now, ends + 4500)
  if ends > 0 and ends <= now and (refused or tonumber(ARGV[6]) < tonumber(ARGV[5])) and redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', refused or now), '+inf') == 0 then
    -- The clock was set ahead, so that by the node's own clock its lease lasts, or nobody could renew; and nobody has renewed since. All last as long as they did.
    local ahead = now - (ends - ARGV[5] + (refused and 0 or ARGV[6]))
    local leases = redis.call('ZRANGEBYSCORE', KEYS[1], '(0', '+inf', 'WITHSCORES')
    for i = 1, #leases, 2 do
      redis.call('ZADD', KEYS[1], string.format('%.0f', leases[i + 1] + ahead), leases[i])
    end
    ends = ends + ahead
  end
  if ends <= now then
    return {'ended'}
  end
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[8], 'PX', ARGV[4])
local answer = {'held'}
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 16)) do
  answer[#answer + 1] = lease
end
return answer
