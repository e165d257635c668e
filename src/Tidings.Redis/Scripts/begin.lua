-- Says which generation of logs holds, and begins a new one where it is not certain that the logs have everything that was acknowledged under it.
-- KEYS: generation, lineage
-- ARGV: replication id the caller has seen, "1" if it saw that every write is on disk before its answer, id for a new generation, milliseconds to live,
--       a generation that must end ("" for none), "1" if logs are carried over where a new generation begins, then for each generation that the caller knows: its id, and how many publishes it has seen of it
-- Answers: {"changed", replication id, role} where the caller looked at another server; {generation, "1" if durable, how many publishes it has had}
local info = redis.call('INFO', 'server', 'replication', 'persistence', 'commandstats')
local live = string.match(info, 'master_replid:(%x+)')
local function has(text)
  return string.find(info, text, 1, true)
end
if live ~= ARGV[1] or not has('role:master') then
  return {'changed', live, string.match(info, '\nrole:(%a+)')}
end
local known = redis.call('HMGET', KEYS[1], 'id', 'replid', 'durable', 'run', 'aof', 'configs', 'n', 'own', 'carried', 'line')
local id = known[1]
local run = string.match(info, 'run_id:(%x+)')
local same = known[4] == run
-- How often the configuration was changed in this life of the server: the append-only file may have been off in between.
local configs = string.match(info, 'cmdstat_config|set:calls=(%d+)') or '0'
local untouched = configs == (same and known[6] or '0')
local scheduled, rewrites = string.match(info, 'aof_rewrite_scheduled:(%d).-aof_rewrites:(%d+)')
local calm = scheduled == '0' and has('aof_rewrite_in_progress:0')
-- While the file is rewritten it may be the first time after it was switched on again: until that is done, a restart reads the old one.
local durable = ARGV[2] == '1' and rewrites and has('aof_enabled:1') and has('aof_last_write_status:ok') and has('aof_pending_bio_fsync:0')
  and (calm or ((known[3] == '1' or not same) and untouched))
local keeps = id and id ~= ARGV[5]
-- What was durable ends where that ends: a restart would bring it back without what was acknowledged since.
if known[3] == '1' and not durable then
  keeps = false
end
-- Who has seen more of it than there is knows that something is missing.
local vouched = #ARGV < 7
for i = 7, #ARGV, 2 do
  if ARGV[i] == id then
    vouched = tonumber(ARGV[i + 1]) <= tonumber(known[7] or '0')
    keeps = keeps and vouched
  end
end
-- The lineage is a small hash in the form that a large one has. Only the process that made it so has it, and one that reads its append-only file:
-- it does not go to replicas, and what is loaded from a snapshot, as replicas do, has the small form again.
local function form()
  local encoding = redis.pcall('OBJECT', 'ENCODING', KEYS[2])
  return type(encoding) == 'table' and 'unknown' or encoding
end
local formed = form()
local own = id and formed == 'hashtable' and redis.call('HGET', KEYS[2], 'id') == id
local function mark()
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[2], 'id', id)
  -- Where small hashes have the large form from the beginning, it proves nothing.
  local small = form() == 'listpack'
  redis.set_repl(redis.REPL_AOF)
  redis.call('HSET', KEYS[2], 'pad', string.rep('.', 1024))
  redis.call('HDEL', KEYS[2], 'pad')
  redis.set_repl(redis.REPL_ALL)
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  return small and form() == 'hashtable'
end
if known[2] ~= live then
  -- Another process, or another role. Complete is what this process itself has acknowledged, or what it has read from its own file with every write in it.
  keeps = keeps and own and vouched and (same or (known[3] == '1' and durable)) and mark()
end
if not keeps then
  -- What is there of former logs goes on under new epochs.
  local line = ARGV[6] == '1' and id and {'line', known[10] or id, 'carried', string.sub(id .. ' ' .. (known[9] or ''), 1, 16 * 17)}
  if line then
    -- Where nothing may be written it fails before anything is lost.
    redis.call('HSET', KEYS[1], unpack(line))
  end
  id = ARGV[3]
  redis.call('UNLINK', KEYS[1])
  if line then
    redis.call('HSET', KEYS[1], unpack(line))
  end
  known = {}
  own = false
end
local aof = (rewrites or '') .. ' ' .. (scheduled or '')
local provable = known[8] ~= '0'
if known[5] ~= aof or (not provable and known[6] ~= configs) or (provable and not own) then
  -- Also into the file that is written now.
  provable = formed ~= 'unknown' and mark()
end
durable = durable and provable
local function set(field, before, now)
  if before ~= now then
    -- What is only remembered is no reason to fail where nothing may be written: nothing is acknowledged then, either.
    redis[id == known[1] and live == known[2] and 'pcall' or 'call']('HSET', KEYS[1], field, now)
  end
end
set('id', known[1], id)
set('replid', known[2], live)
set('durable', known[3], durable and '1' or '0')
set('run', known[4], run)
set('aof', known[5], aof)
set('configs', known[6], configs)
set('own', known[8], provable and '1' or '0')
if redis.call('PTTL', KEYS[1]) < ARGV[4] / 2 then
  -- Where nothing may be written it is done another time.
  redis.pcall('PEXPIRE', KEYS[1], ARGV[4])
end
return {id, durable and '1' or '0', tonumber(known[7] or '0')}
