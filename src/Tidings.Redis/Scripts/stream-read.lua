-- Reads a stream as of one moment.
-- KEYS: its head, its bytes
-- ARGV: the first byte, the last one ("" for none)
-- Answers: {version, head, bytes}, or nothing where there is none
local head = redis.call('HMGET', KEYS[1], 'v', 'h')
if not head[1] or not head[2] then
  return {}
end
return {head[1], head[2], ARGV[2] == '' and '' or redis.call('GETRANGE', KEYS[2], ARGV[1], ARGV[2])}
