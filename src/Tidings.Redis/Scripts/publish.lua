-- Gives a message its offset, keeps it, and tells every node that listens: one step for all of it.
-- KEYS: generation, log, stream, name of an idempotency key (the log's again where there is none), state (none where the message has no place in it)
-- ARGV: generation ("" for whichever holds: those who only publish need not know it), how many replicas there must be where it must be durable (anything but one or two digits for any: earlier versions had an epoch here),
--       messages kept, milliseconds they are kept, channel of pub/sub, payload, "1" if it must be durable,
--       milliseconds an idempotency key is kept (0: there is none), milliseconds the log's own key lives,
--       with a state: the message's key, most keys, most bytes of keys and payloads, "1" if the key is taken out, "2" if a client sets it;
--       only of nodes, where back ends are told: the event without its id, its position and its time, receivers, channel of pub/sub for news of events,
--       most events in a queue, most bytes of them, milliseconds keys live, what stands before a receiver in the name of its queue, and of its state
-- Answers: {epoch, offset, how many publishes there were under the generation (not where the key was there before), "untold" where back ends could not be told}; {"generation"} where the logs may have shrunk since; {"durable"} where durability cannot be given, with how many replicas there are where these are too few; {"full", "keys", "bytes" or "memory"}
-- The epoch of a log that is not there: the one that its first message will have. Then what marks that it was begun (see publish.lua).
local function absent(key, generation, log)
  local hash = redis.sha1hex(log)
  local field = 'begun:' .. tonumber(string.sub(hash, 1, 4), 16) % 16384
  local turn, marks = string.match(redis.call('HGET', key, field) or '0', '^(%d+)(.*)$')
  local mark = ' ' .. string.sub(hash, 5, 10)
  local _, times = string.gsub(marks, mark, '')
  return string.sub(redis.sha1hex(generation .. ' ' .. turn .. ' ' .. times .. ' ' .. log), 1, 16), field, turn, marks, mark
end
-- The epoch under which a log goes on in a generation. It is another one than that of a log that begins after this one is lost.
local function next_epoch(generation, log, epoch)
  return string.sub(redis.sha1hex(generation .. ' ' .. log .. ' ' .. epoch), 1, 16)
end
-- The same of a log of a former generation, where logs were carried over (Tidings:RedisReplicas); nil where it counts as absent.
-- All generations since then are of one line, which has the name of the first.
local function carried(line, generation, log, its, epoch)
  return line and epoch and its == line and next_epoch(generation, log, epoch) or nil
end
-- Which epochs such a log has had, and up to which offset it was carried over from each, as "epoch:offset …", the newest last.
local function trail(formers, log, its, epoch, offset, before)
  local at, epochs = string.format(':%.0f', offset), {}
  for former in string.gmatch(string.sub(before or '', 1, 64), '%x+:%d+') do
    epochs[#epochs + 1] = former
  end
  epochs[#epochs + 1] = epoch .. at
  local passed = #epochs
  for generation in string.gmatch(formers, '%x+') do
    if generation == its then
      break
    end
    -- Read and not written under it.
    table.insert(epochs, passed + 1, next_epoch(generation, log, epoch) .. at)
  end
  return table.concat(epochs, ' ')
end
-- What stands above is also in the scripts that read and erase.
local generation = redis.call('HMGET', KEYS[1], 'id', 'replid', 'durable', 'aof', 'carried', 'line')
local info = generation[3] == '1' and redis.call('INFO', 'replication', 'persistence') or redis.call('INFO', 'replication')
local live = string.match(info, 'master_replid:(%x+)')
if not generation[1] or (ARGV[1] ~= '' and generation[1] ~= ARGV[1]) or generation[2] ~= live then
  return {'generation'}
end
if generation[3] == '1' then
  -- Whatever is acknowledged while the generation counts as durable is in the file that a restart reads.
  local on = string.find(info, 'aof_enabled:1', 1, true)
  local scheduled, rewrites = string.match(info, 'aof_rewrite_scheduled:(%d).-aof_rewrites:(%d+)', on or 1)
  if not on or not rewrites or generation[4] ~= rewrites .. ' ' .. scheduled
    or not string.find(info, 'aof_last_write_status:ok', on, true) or not string.find(info, 'aof_pending_bio_fsync:0', on, true) then
    return {'generation'}
  end
end
if ARGV[7] == '1' then
  local replicas = string.match(info, 'connected_slaves:(%d+)')
  if generation[3] ~= '1' then
    return {'durable'}
  elseif string.find(ARGV[2], '^%d%d?$') and tonumber(replicas) < tonumber(ARGV[2]) then
    return {'durable', replicas}
  end
end
-- Begins the log, with the epoch that read.lua has told of it while it was absent. That it was begun is marked beside the generation, so that it
-- has another epoch once it is forgotten, however that comes about. Marks are short and bounded: names of a field that is full get other epochs together.
local function begin()
  local epoch, field, turn, marks, mark = absent(KEYS[1], generation[1], KEYS[2])
  local begun = #marks < 64 * #mark and turn .. marks .. mark or string.format('%.0f', turn + 1)
  redis.call('HSET', KEYS[1], field, begun)
  redis.call('UNLINK', KEYS[2], KEYS[3], unpack(KEYS, 5))
  return epoch
end
local log = redis.pcall('HMGET', KEYS[2], 'g', 'e', 'o', 'c', 's', 'k', 'b', 'w', 'x', 'f', 'l')
local epoch, offset, reached, back = log[2], tonumber(log[3]), tonumber(log[4]) or 0, tonumber(log[5]) or 0
-- How many keys the state has, and bytes; a log with a state does not end by its age.
local keys, bytes = tonumber(log[6]) or 0, tonumber(log[7]) or 0
-- Of idempotency keys: how long those are kept that there are, and when the last of them ends.
local windows, ends = log[8] or '', tonumber(log[9]) or 0
local onward = log[1] ~= generation[1] and offset and carried(generation[6], generation[1], KEYS[2], log[11] or log[1], epoch)
if onward then
  -- As much as a small hash has room for; who has seen no epoch of these is shown it again.
  local formers = trail(generation[5], KEYS[2], log[1], epoch, offset, log[10])
  while #formers > 64 do
    formers = string.match(formers, ' (.*)')
  end
  redis.call('HSET', KEYS[2], 'g', generation[1], 'e', onward, 'f', formers, 'l', generation[6])
  epoch = onward
elseif log[1] ~= generation[1] or not epoch or not offset then
  epoch, offset, reached, back, keys, bytes, windows, ends = begin(), 0, 0, 0, 0, 0, '', 0
end
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
-- Ages go by a clock that is never set back: the server's, and what that was set back by since the log began.
local function aged()
  back = math.max(back, reached - now)
  return now + back
end
-- Idempotency keys stand in the log's own key: where one is lost the other is, and the epoch changes.
local once = 'i' .. redis.sha1hex(KEYS[4])
if ARGV[8] ~= '0' then
  local first, till = string.match(redis.call('HGET', KEYS[2], once) or '', '^(%d+) (%d+)$')
  if first and tonumber(till) > aged() then
    return {epoch, tonumber(first)}
  end
  -- As earlier versions kept them.
  local its, before = string.match(redis.call('GET', KEYS[4]) or '', '^(%S+) (%d+)$')
  if its == epoch then
    return {epoch, tonumber(before)}
  end
end
local stateless = keys == 0
if KEYS[5] then
  -- Without a key it is nobody's, if there is one.
  local before = keys > 0 and redis.call('HGET', KEYS[5], ARGV[10])
  if before then
    keys, bytes = keys - 1, bytes - #ARGV[10] - #before
  end
  if ARGV[13] ~= '1' then
    -- As much as an entry has before its payload, at most.
    local size = #ARGV[10] + #ARGV[6] + 40
    if keys >= tonumber(ARGV[11]) then
      return {'full', 'keys'}
    end
    if bytes + size > tonumber(ARGV[12]) and not (before and #before >= #ARGV[6] + 40) then
      return {'full', 'bytes'}
    end
    -- A state has no age. What clients keep so leaves a quarter of the memory to what has; here, as it is the same for all nodes.
    local line = before and string.find(before, '\n', 1, true)
    if ARGV[13] == '2' and not (line and #ARGV[6] <= #before - line) then
      local memory = redis.call('INFO', 'memory')
      local most = tonumber(string.match(memory, 'maxmemory:(%d+)')) or 0
      if most > 0 and tonumber(string.match(memory, 'used_memory:(%d+)')) > 0.75 * most then
        return {'full', 'memory'}
      end
    end
  end
end
-- The log's own key first: where Redis is out of memory that fails, and nothing has changed.
local function append()
  local age = string.format('%.0f', aged())
  local entry = {'t', now, 'p', ARGV[6]}
  if back > 0 then
    entry = {'t', now, 'p', ARGV[6], 'a', age}
  end
  redis.call('HSET', KEYS[2], 'g', generation[1], 'e', epoch, 'o', string.format('%.0f', offset), 'a', ARGV[4], 'c', age, 's', string.format('%.0f', back))
  if generation[6] then
    redis.call('HSET', KEYS[2], 'l', generation[6])
  end
  if keys == 0 then
    redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.max(ARGV[9], ends - age)))
  end
  if ARGV[3] == '0' then
    return true
  end
  local added = redis.pcall('XADD', KEYS[3], 'MAXLEN', '=', ARGV[3], string.format('%.0f-0', offset), unpack(entry))
  if type(added) == 'table' and added.err then
    return false
  end
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
  return true
end
offset = offset + 1
if not append() then
  -- Somebody else has written there: what is in it is nobody's log any more.
  epoch, offset, reached, back, keys, bytes, windows, ends = begin(), 1, 0, 0, 0, 0, '', 0
  stateless = true
  append()
end
if KEYS[5] then
  if stateless then
    redis.call('UNLINK', KEYS[5])
  end
  if ARGV[13] == '1' then
    redis.call('HDEL', KEYS[5], ARGV[10])
  else
    local entry = string.format('%.0f ', offset) .. now .. '\n' .. ARGV[6]
    redis.call('HSET', KEYS[5], ARGV[10], entry)
    keys, bytes = keys + 1, bytes + #ARGV[10] + #entry
  end
  redis.call('HSET', KEYS[2], 'k', keys, 'b', string.format('%.0f', bytes))
  if keys > 0 then
    redis.call('PERSIST', KEYS[2])
  else
    redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.max(ARGV[9], ends - aged())))
  end
end
local at = string.format('%.0f', offset)
-- Remembers the key, and forgets up to two that have ended. Those that are kept equally long end in the order in which they came.
if ARGV[8] ~= '0' or windows ~= '' then
  local left, asked = {}, ARGV[8]
  local function put(number)
    local till = string.format('%.0f', aged() + ARGV[8])
    redis.call('HSET', KEYS[2], once, at .. ' ' .. till, string.format('q%s:%.0f', ARGV[8], number), once, 'x', string.format('%.0f', math.max(ends, till)))
    asked = '0'
  end
  for window, first, last in string.gmatch(windows, '(%d+):(%d+):(%d+)') do
    first, last = tonumber(first), tonumber(last)
    for _ = 1, math.min(2, last - first) do
      local slot = string.format('q%s:%.0f', window, first)
      local name = redis.call('HGET', KEYS[2], slot) or ''
      local till = string.match(redis.call('HGET', KEYS[2], name) or '', ' (%d+)$')
      if tonumber(till or 0) > aged() then
        break
      end
      redis.call('HDEL', KEYS[2], slot, name)
      first = first + 1
    end
    if window == ARGV[8] then
      put(last)
      last = last + 1
    end
    if first < last then
      left[#left + 1] = string.format('%s:%.0f:%.0f', window, first, last)
    end
  end
  if asked ~= '0' then
    put(0)
    left[#left + 1] = asked .. ':0:1'
  end
  local now = table.concat(left, ' ')
  if now ~= windows then
    redis.call('HSET', KEYS[2], 'w', now)
  end
end
redis.call('PUBLISH', ARGV[5], '1 ' .. epoch .. ' ' .. at .. ' ' .. now .. '\n' .. ARGV[6])
local first, untold = KEYS[5] and 14 or 10, nil
if ARGV[first] then
  -- The message stands whatever becomes of the queues; where they cannot be written the node is told so.
  local id = string.sub(redis.sha1hex(KEYS[2] .. '\n' .. epoch .. '\n' .. at), 1, 24)
  local event = '{"id":"' .. id .. '",' .. ARGV[first] .. ',"epoch":"' .. epoch .. '","offset":' .. at .. '},"time":' .. now .. '}'
  if pcall(tell, event, ARGV[first + 1], ARGV[first + 3], ARGV[first + 4], ARGV[first + 5], ARGV[first + 6], ARGV[first + 7]) then
    redis.call('PUBLISH', ARGV[first + 2], '')
  else
    untold = 'untold'
  end
end
return {epoch, offset, redis.call('HINCRBY', KEYS[1], 'n', 1), untold}
