-- Keeps a stream: a new one, or in the place of its former version, with bytes behind those that it had.
-- KEYS: its head, its bytes, streams by when their time is over, what all count for
-- ARGV: its name, former version ("" where it is new), version, head, bytes, its length then, what it counts for, whose share that is ("" for the server's), the most of all, when its time is over ("" for never)
-- Answers: 1; 0 where there is another version, 2 where there is no room, 3 where its owner has none
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[2] then
  return 0
end
local more = tonumber(ARGV[7]) - tonumber(redis.call('HGET', KEYS[1], 'c') or 0)
if more > 0 then
  local free = tonumber(ARGV[9]) - tonumber(redis.call('HGET', KEYS[4], 'all') or 0)
  if more > free then
    return 2
  end
  if ARGV[8] ~= '' and more + tonumber(redis.call('HGET', KEYS[4], 'of:' .. ARGV[8]) or 0) > free then
    return 3
  end
end
if ARGV[6] == '0' then
  redis.call('UNLINK', KEYS[2])
elseif ARGV[5] ~= '' then
  redis.call('APPEND', KEYS[2], ARGV[5])
end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'h', ARGV[4], 'c', ARGV[7], 'o', ARGV[8])
if more ~= 0 then
  redis.call('HINCRBY', KEYS[4], 'all', string.format('%.0f', more))
  if ARGV[8] ~= '' then
    redis.call('HINCRBY', KEYS[4], 'of:' .. ARGV[8], string.format('%.0f', more))
  end
end
if ARGV[10] == '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('ZADD', KEYS[3], ARGV[10], ARGV[1])
end
return 1
