-- Says how a member whose connections say its info by themselves is there by a node, or that it is not there by it any more; and tells those who watch.
-- KEYS: connections by lease and member, members, channels of the lease, leases
-- ARGV: lease, member, its connections by this node or '' where it has gone from there, when they said what they said last ('new' where just now, '' where it is not known), and that ('' where nothing),
--   what the server was told of the member, channel, channel of pub/sub, milliseconds keys live,
--   what is published of a join, an update and a leave up to the end of the member's names, 1 where a member is one connection
-- Answers: when they said it, in an order that all nodes share; 0 where they said nothing
-- A member is \1, the length of what is shown, a space, what is shown, and what the server was told.
local lease, member, here, stamp, text = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local function parse(value)
  local length, rest = string.match(value, '^\1(%d+) (.*)$')
  if not length then
    return '', value
  end
  return string.sub(rest, 1, tonumber(length)), string.sub(rest, tonumber(length) + 1)
end
local function tell(head, connections, shown, said)
  redis.call('PUBLISH', ARGV[8], head .. (ARGV[13] == '1' and '' or ',"connections":' .. connections)
    .. (shown == '' and '' or ',"info":' .. shown) .. (said == '' and '' or ',"user_info":' .. said) .. '}')
end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local sum, isThere, newest, latest = 0, here ~= '', 0, ''
local function read(value)
  local count, at, info = string.match(value, '^(%d+) ?(%d*) ?(.*)$')
  return tonumber(count) or 0, tonumber(at) or 0, info or ''
end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. now, '+inf')) do
  local value = other ~= lease and redis.call('HGET', KEYS[1], other .. member)
  if value then
    local count, at, info = read(value)
    isThere = true
    sum = sum + count
    if count > 0 and at > newest then
      newest, latest = at, info
    end
  end
end
local said_at = 0
if here == '' then
  redis.call('HDEL', KEYS[1], lease .. member)
else
  if text ~= '' then
    said_at = tonumber(stamp)
    if not said_at then
      local before = redis.call('HGET', KEYS[1], lease .. member)
      local _, at, info = read(before or '')
      said_at = stamp ~= 'new' and info == text and at or 0
      if said_at == 0 then
        -- After all that the others said, whatever the clock did.
        said_at = math.max(clock[1] * 1000000 + clock[2], newest + 1)
      end
    end
  end
  redis.call('HSET', KEYS[1], lease .. member, here .. ' ' .. string.format('%.0f', said_at) .. ' ' .. text)
  redis.call('SADD', KEYS[3], ARGV[7])
  sum = sum + here
  if tonumber(here) > 0 and said_at > newest then
    newest, latest = said_at, text
  end
end
local old = redis.call('HGET', KEYS[2], member)
if here == '' and (not old or not isThere) then
  if old then
    redis.call('HDEL', KEYS[2], member)
    local shown, said = parse(old)
    tell(ARGV[12], 0, shown, said)
  end
  return 0
end
local shown, said = '', ARGV[6]
if old then
  shown, said = parse(old)
end
if sum == 0 and old then
  -- All of it may come back: until then it says what it said.
  latest = shown
end
redis.call('HSET', KEYS[2], member, '\1' .. #latest .. ' ' .. latest .. said)
if here ~= '' then
  for i = 1, 3 do
    redis.call('PEXPIRE', KEYS[i], ARGV[9])
  end
end
if not old then
  tell(ARGV[10], sum, latest, said)
elseif latest ~= shown then
  tell(ARGV[11], sum, latest, said)
end
return said_at
