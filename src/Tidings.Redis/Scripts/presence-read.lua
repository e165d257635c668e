-- Lists who is there by nodes whose lease holds.
-- KEYS: connections by lease and user, members, leases
-- ARGV: most members to list, most members that are counted one by one while a node's lease has ended and what it left is not yet taken out
-- Answers: {how many there are, {member, connections, what is known of it, …}}
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local live = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. now, '+inf')
if #live == 0 then
  -- Who asks is a node, and has none either: leases can't be renewed now. They count until they can.
  live = redis.call('ZRANGEBYSCORE', KEYS[3], '(0', '+inf')
end
local function connections(user)
  local sum
  for _, lease in ipairs(live) do
    local count = redis.call('HGET', KEYS[1], lease .. user)
    if count then
      sum = (sum or 0) + (tonumber(string.match(count, '^%d+')) or 0)
    end
  end
  return sum
end
local count = redis.call('HLEN', KEYS[2])
if count <= tonumber(ARGV[2]) and redis.call('ZCOUNT', KEYS[3], '-inf', now) > 0 then
  count = 0
  for _, user in ipairs(redis.call('HKEYS', KEYS[2])) do
    if connections(user) then
      count = count + 1
    end
  end
end
local most, listed, cursor = tonumber(ARGV[1]), {}, '0'
local seen = {}
while most > 0 do
  local part = redis.call('HSCAN', KEYS[2], cursor, 'COUNT', most)
  for i = 1, #part[2], 2 do
    local user = part[2][i]
    local sum = most > 0 and not seen[user] and connections(user)
    if sum then
      seen[user] = true
      most = most - 1
      listed[#listed + 1] = user
      listed[#listed + 1] = sum
      listed[#listed + 1] = part[2][i + 1]
    end
  end
  cursor = part[1]
  if cursor == '0' then
    break
  end
end
return {count, listed}
