-- Puts a mark behind all that was written so far: a replica that has it has that, too.
-- KEYS: generation
-- Answers: {generation, replication id of the server}; {"generation"} where there is none
local id = redis.call('HGET', KEYS[1], 'id')
if not id then
  return {'generation'}
end
redis.call('HSET', KEYS[1], 'mark', '1')
return {id, string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')}
