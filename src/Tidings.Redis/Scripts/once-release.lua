-- Has idempotency keys of a log end sooner: the publisher that might repeat them has said that it will not.
-- KEYS: log
-- ARGV: milliseconds that they are kept from now on, then their names (as publish.lua is given them)
local clock = redis.call('TIME')
local log = redis.pcall('HMGET', KEYS[1], 'c', 's')
if not log[1] then
  return 0
end
local till = string.format('%.0f', math.max(clock[1] * 1000 + math.floor(clock[2] / 1000) + log[2], log[1]) + ARGV[1])
for i = 2, #ARGV do
  local once = 'i' .. redis.sha1hex(ARGV[i])
  local first = string.match(redis.call('HGET', KEYS[1], once) or '', '^%d+')
  if first then
    redis.call('HSET', KEYS[1], once, first .. ' ' .. till)
  end
end
return #ARGV - 1
