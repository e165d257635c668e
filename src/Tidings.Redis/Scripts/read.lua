-- Reads a log. Of one that is absent it tells offset 0 and the epoch that its first message will have, and writes nothing.
-- KEYS: generation, log, stream, state (none where it is not wanted)
-- ARGV: generation, epoch of the position to read from ("" for the newest), its offset, most messages (0 for none),
--       milliseconds the log's own key lives on from here, "1" to read what is just before the position and not what comes after it,
--       with a state: the most bytes of it in one answer, the epoch and offset up to which the reader knows it ("" and 0 where it knows nothing)
-- Answers: {epoch, top, {offset, time, payload, …}, {key, entry, …}, former epochs}, an entry being "offset time", a line break and the payload, or of one that the reader knows its offset alone, and
--          the former epochs as "epoch:offset …", oldest first (see trail);
--          {epoch, top, {}, {}, former epochs, keys, bytes} where the state is too large and has to be read by state.lua first; {"generation"} where the logs may have shrunk since
-- absent, carried and trail are those of publish.lua.
local generation = redis.call('HMGET', KEYS[1], 'id', 'replid', 'carried', 'line')
local live = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if generation[1] ~= ARGV[1] or generation[2] ~= live then
  return {'generation'}
end
local log = redis.pcall('HMGET', KEYS[2], 'g', 'e', 'o', 'a', 'c', 's', 'k', 'b', 'f', 'l')
local epoch, top = log[2], tonumber(log[3])
-- Its former epochs, and up to which offset it was carried over from each.
local formers = string.sub(log[9] or '', 1, 64)
local onward = log[1] ~= ARGV[1] and top and carried(generation[4], ARGV[1], KEYS[2], log[10] or log[1], epoch)
if onward then
  formers = trail(generation[3], KEYS[2], log[1], epoch, top, log[9])
  epoch = onward
elseif log[1] ~= ARGV[1] or not epoch or not top then
  return {(absent(KEYS[1], ARGV[1], KEYS[2])), 0, {}, {}, ''}
end
local state = {}
if KEYS[4] and (tonumber(log[7]) or 0) > 0 then
  local keys, bytes, most = tonumber(log[7]), tonumber(log[8]) or 0, tonumber(ARGV[7])
  if bytes > most and ARGV[8] ~= epoch then
    return {epoch, top, {}, {}, formers, keys, bytes}
  end
  state = redis.pcall('HGETALL', KEYS[4])
  if state.err then
    state = {}
  end
  if bytes > most then
    local new, known = 0, tonumber(ARGV[9])
    for i = 2, #state, 2 do
      local offset = string.match(state[i], '^%d+')
      if offset and tonumber(offset) <= known then
        state[i] = offset
      else
        new = new + #state[i]
      end
    end
    if new > most then
      return {epoch, top, {}, {}, formers, keys, bytes}
    end
  end
end
-- One with a state has no end. Reading goes on where nothing may be written: what is tidied up here is tidied up another time.
local left = redis.call('PTTL', KEYS[2])
if left >= 0 and left < tonumber(ARGV[5]) then
  redis.pcall('PEXPIRE', KEYS[2], ARGV[5])
end
-- What is too old goes first: offsets have no holes, so the first that may stay is found by halving.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local reached, back = tonumber(log[5]) or 0, tonumber(log[6]) or 0
if now + back < reached then
  -- The clock was set back (see publish): the server, too, would keep the stream for as long as that.
  back = reached - now
  redis.pcall('HSET', KEYS[2], 's', string.format('%.0f', back))
  redis.pcall('PEXPIRE', KEYS[3], log[4])
end
local oldest = now + back - (tonumber(log[4]) or 0)
local function read(entry)
  local time, payload, age
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 't' then time = entry[2][i + 1] elseif entry[2][i] == 'p' then payload = entry[2][i + 1] elseif entry[2][i] == 'a' then age = entry[2][i + 1] end
  end
  return string.match(entry[1], '^%d+'), time, payload, age
end
local function fresh(entry)
  local _, time, _, age = read(entry)
  return (tonumber(age or time) or 0) > oldest
end
local first = redis.pcall('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)
if first.err then
  -- Somebody else has written there: the next publish begins anew.
  return {epoch, top, {}, {}, formers}
end
first = first[1]
local oldestKept = 0
if first and not fresh(first) then
  local old, kept = tonumber((read(first))), top + 1
  while kept - old > 1 do
    local middle = math.floor((old + kept) / 2)
    local entry = redis.call('XRANGE', KEYS[3], string.format('%.0f-0', middle), '+', 'COUNT', 1)[1]
    if entry and fresh(entry) then kept = middle else old = middle end
  end
  redis.pcall('XTRIM', KEYS[3], 'MINID', string.format('%.0f-0', kept))
  oldestKept = kept
end
local messages = {}
if ARGV[4] ~= '0' and top > 0 then
  local last = string.format('%.0f-0', top)
  local found = {}
  local backwards = ARGV[6] == '1'
  if backwards and tonumber(ARGV[3]) <= top then
    last = '(' .. ARGV[3] .. '-0'
  end
  if ARGV[2] == '' or (backwards and ARGV[2] == epoch) then
    found = redis.call('XREVRANGE', KEYS[3], last, string.format('%.0f-0', oldestKept), 'COUNT', ARGV[4])
    for i = 1, math.floor(#found / 2) do
      found[i], found[#found + 1 - i] = found[#found + 1 - i], found[i]
    end
  elseif not backwards and not string.find(formers, ARGV[2], 1, true) then
    -- Of another epoch nothing is known: from the beginning of what is kept. With a position of a former one the reader asks again, in this one.
    local after = math.max(ARGV[2] == epoch and ARGV[3] or 0, oldestKept - 1)
    found = redis.call('XRANGE', KEYS[3], string.format('(%.0f-0', after), last, 'COUNT', ARGV[4])
  end
  for _, entry in ipairs(found) do
    local offset, time, payload = read(entry)
    messages[#messages + 1] = offset
    messages[#messages + 1] = time or '0'
    messages[#messages + 1] = payload or ''
  end
end
return {epoch, top, messages, state, formers}
