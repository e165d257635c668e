-- Erases one message of a log, or all of it, and tells every node that listens.
-- KEYS: generation, log, stream, state
-- ARGV: generation, epoch of the message ("" for all), its offset, channel of pub/sub, the payload of an erased message, the payload that tells of an erased log,
--       milliseconds the log's own key lives once its state is empty
-- Answers: {how many messages were erased}; {"generation"} where the logs may have shrunk since
-- absent, carried and trail are those of publish.lua.
local generation = redis.call('HMGET', KEYS[1], 'id', 'replid', 'durable', 'carried', 'line')
local info = redis.call('INFO', 'replication', 'persistence')
if generation[1] ~= ARGV[1] or generation[2] ~= string.match(info, 'master_replid:(%x+)') or (generation[3] == '1' and not string.find(info, 'aof_enabled:1', 1, true)) then
  return {'generation'}
end
local log = redis.pcall('HMGET', KEYS[2], 'g', 'e', 'o', 'k', 'b', 'c', 'x', 'f', 'l')
local epoch, top = log[2], tonumber(log[3])
local formers = string.sub(log[8] or '', 1, 64)
if log[1] ~= ARGV[1] then
  local onward = top and carried(generation[5], ARGV[1], KEYS[2], log[9] or log[1], epoch)
  formers = onward and trail(generation[4], KEYS[2], log[1], epoch, top, log[8])
  epoch = onward
end
if not epoch or not top or top == 0 then
  return {0}
end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
if ARGV[2] == '' then
  -- Offsets have no holes.
  local first = redis.pcall('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)
  local count = not first.err and first[1] and top - tonumber(string.match(first[1][1], '^%d+')) + 1 or 0
  redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4])
  -- The log is absent from here on, with the epoch that its next message has (see read.lua).
  local next = absent(KEYS[1], ARGV[1], KEYS[2])
  redis.call('PUBLISH', ARGV[4], '1 ' .. next .. ' 0 ' .. now .. '\n' .. ARGV[6])
  return {count}
end
-- A position of a former epoch is that of the same message, as far as the log was carried over.
local known = false
for former, reached in string.gmatch(formers, '(%x+):(%d+)') do
  known = (known or former == ARGV[2]) and tonumber(ARGV[3]) <= tonumber(reached)
end
if not known and epoch ~= ARGV[2] then
  return {0}
end
local function tell()
  redis.call('PUBLISH', ARGV[4], '1 ' .. epoch .. ' ' .. ARGV[3] .. ' ' .. now .. '\n' .. ARGV[5])
  return {1}
end
local inState = false
if (tonumber(log[4]) or 0) > 0 then
  local state = redis.call('HGETALL', KEYS[4])
  for i = 1, #state, 2 do
    if string.match(state[i + 1], '^%d+') == ARGV[3] then
      redis.call('HDEL', KEYS[4], state[i])
      redis.call('HSET', KEYS[2], 'k', log[4] - 1, 'b', string.format('%.0f', log[5] - #state[i] - #state[i + 1]))
      if log[4] == '1' then
        redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.max(ARGV[7], (tonumber(log[7]) or 0) - log[6])))
      end
      inState = true
    end
  end
end
local id = ARGV[3] .. '-0'
local found = redis.pcall('XRANGE', KEYS[3], id, id)
if found.err or not found[1] then
  return inState and tell() or {0}
end
for i = 1, #found[1][2], 2 do
  if found[1][2][i] == 'p' and found[1][2][i + 1] == ARGV[5] then
    return {0}
  end
end
-- A stream keeps the bytes of an entry that was deleted until all those beside it have gone, too: it is written anew.
local entries = redis.call('XRANGE', KEYS[3], '-', '+')
local left = redis.call('PTTL', KEYS[3])
redis.call('UNLINK', KEYS[3])
for _, entry in ipairs(entries) do
  local fields = entry[2]
  if entry[1] == id then
    for i = 1, #fields, 2 do
      if fields[i] == 'p' then
        fields[i + 1] = ARGV[5]
      end
    end
  end
  redis.call('XADD', KEYS[3], entry[1], unpack(fields))
end
if left > 0 then
  redis.call('PEXPIRE', KEYS[3], left)
end
return tell()
