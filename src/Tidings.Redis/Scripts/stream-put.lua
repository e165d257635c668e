-- Keeps a stream: a new one, or in the place of its former version, with bytes behind those that it had.
-- KEYS: its head, its bytes, streams by when their time is over, what all count for
-- ARGV: its name, former version ("" where it is new), version, head, bytes, its length then, the most of all, when its time is over ("" for never), then for each whose share changes: whose ("" for the server's), how much more
-- Answers: 1; 0 where there is another version, 2 where there is no room, 3 where a writer has none
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[2] then
  return 0
end
local free = tonumber(ARGV[7]) - tonumber(redis.call('HGET', KEYS[4], 'all') or 0)
local all = 0
for i = 9, #ARGV, 2 do
  local more = tonumber(ARGV[i + 1])
  all = all + more
  if more > 0 then
    if more > free then
      return 2
    end
    if ARGV[i] ~= '' and more + tonumber(redis.call('HGET', KEYS[4], 'of:' .. ARGV[i]) or 0) > free then
      return 3
    end
  end
end
if ARGV[6] == '0' then
  redis.call('UNLINK', KEYS[2])
elseif ARGV[5] ~= '' then
  redis.call('APPEND', KEYS[2], ARGV[5])
end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'h', ARGV[4])
if all ~= 0 then
  redis.call('HINCRBY', KEYS[4], 'all', string.format('%.0f', all))
end
for i = 9, #ARGV, 2 do
  if ARGV[i] ~= '' and redis.call('HINCRBY', KEYS[4], 'of:' .. ARGV[i], ARGV[i + 1]) <= 0 then
    redis.call('HDEL', KEYS[4], 'of:' .. ARGV[i])
  end
end
if ARGV[8] == '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('ZADD', KEYS[3], ARGV[8], ARGV[1])
end
return 1
