-- A pass was shown: it lives on, and is the newest of its user.
-- KEYS: the secret's, the secrets of its user by the time of their last use
-- ARGV: milliseconds it lives from now on
local clock = redis.call('TIME')
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 1 then
  redis.call('ZADD', KEYS[2], string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)), KEYS[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
