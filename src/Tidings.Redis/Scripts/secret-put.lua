-- Keeps what a ticket or pass stands for, and lets the oldest of its user go where there are more than the user's share.
-- KEYS: the secret's, the secrets of its user by the time of their last use
-- ARGV: what it stands for, milliseconds it lives, the share
-- Answers: 1; 0 where there is one of that name
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 0
end
local ended = redis.call('ZCOUNT', KEYS[2], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
if ended > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, ended - 1)
end
redis.call('ZADD', KEYS[2], string.format('%.0f', now), KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local over = redis.call('ZCOUNT', KEYS[2], '-inf', '+inf') - tonumber(ARGV[3])
if over > 0 then
  for _, oldest in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf', 'LIMIT', 0, over)) do
    redis.call('UNLINK', oldest)
  end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
end
return 1
