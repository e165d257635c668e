-- Reads a page of a large state: what read.lua does not give at once.
-- KEYS: generation, log, state
-- ARGV: generation, epoch ("" on the first page), cursor ("0" to begin), how many entries, about, offset: older entries are known and left out
-- Answers: {epoch, top, cursor ("0" at the end), {key, entry, …}}; {"generation"} where the logs may have shrunk since; {"changed"} where the log has begun anew
-- absent, carried and trail are those of publish.lua.
local generation = redis.call('HMGET', KEYS[1], 'id', 'replid', 'line')
local live = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if generation[1] ~= ARGV[1] or generation[2] ~= live then
  return {'generation'}
end
local log = redis.pcall('HMGET', KEYS[2], 'g', 'e', 'o', 'l')
local epoch = log[2]
if log[1] ~= ARGV[1] then
  epoch = carried(generation[3], ARGV[1], KEYS[2], log[4] or log[1], epoch)
end
if not epoch or (ARGV[2] ~= '' and epoch ~= ARGV[2]) then
  return {'changed'}
end
local page = redis.pcall('HSCAN', KEYS[3], ARGV[3], 'COUNT', ARGV[4])
if page.err then
  return {'changed'}
end
local entries = {}
for i = 1, #page[2], 2 do
  if (tonumber(string.match(page[2][i + 1], '^%d+')) or 0) > tonumber(ARGV[5]) then
    entries[#entries + 1] = page[2][i]
    entries[#entries + 1] = page[2][i + 1]
  end
end
return {epoch, tonumber(log[3]), page[1], entries}
