-- Says which generation of logs holds, and begins a new one where the logs may have shrunk.
-- KEYS: generation
-- ARGV: replication id the caller has seen, "1" if it saw that every write is on disk before its answer, id for a new generation, milliseconds to live
-- Answers: {"changed", replication id, role} where the caller looked at another server; {generation, "1" if durable}
local info = redis.call('INFO', 'replication')
local live = string.match(info, 'master_replid:(%x+)')
if live ~= ARGV[1] or not string.find(info, 'role:master', 1, true) then
  return {'changed', live, string.match(info, 'role:(%a+)')}
end
local known = redis.call('HMGET', KEYS[1], 'id', 'replid', 'durable')
local id = known[1]
if known[2] ~= live then
  -- Another process has begun, or another role. Only a server that starts again from a log that is complete goes on with it:
  -- one that was a replica (its second replication id tells) may lack what was acknowledged elsewhere.
  local restarted = string.find(info, 'master_replid2:0000000000000000000000000000000000000000', 1, true)
  if not (id and restarted and known[3] == '1' and ARGV[2] == '1') then
    id = ARGV[3]
    redis.call('UNLINK', KEYS[1])
  end
end
redis.call('HSET', KEYS[1], 'id', id, 'replid', live, 'durable', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {id, ARGV[2]}
