-- Gives a message its offset, keeps it, and tells every node that listens: one step for all of it.
-- KEYS: generation, log, stream, idempotency key (the log's again where there is none)
-- ARGV: generation ("" for whichever holds: those who only publish need not know it), id for a new epoch, messages kept, milliseconds they are kept, channel of pub/sub, payload,
--       "1" if it must be durable, milliseconds an idempotency key is kept (0: there is none), milliseconds the log's own key lives
-- Answers: {epoch, offset}; {"generation"} where the logs may have shrunk since; {"durable"} where durability cannot be given
local generation = redis.call('HMGET', KEYS[1], 'id', 'replid', 'durable')
local live = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if not generation[1] or (ARGV[1] ~= '' and generation[1] ~= ARGV[1]) or generation[2] ~= live then
  return {'generation'}
end
if ARGV[7] == '1' and generation[3] ~= '1' then
  return {'durable'}
end
local log = redis.pcall('HMGET', KEYS[2], 'g', 'e', 'o', 'c', 's')
local epoch, offset = log[2], tonumber(log[3])
if log[1] ~= generation[1] or not epoch or not offset then
  epoch, offset, log = ARGV[2], 0, {}
  redis.call('UNLINK', KEYS[2], KEYS[3])
end
if ARGV[8] ~= '0' then
  local first = redis.call('GET', KEYS[4])
  if first then
    local its, at = string.match(first, '^(%S+) (%d+)$')
    if its == epoch then
      return {epoch, tonumber(at)}
    end
  end
end
offset = offset + 1
local at = string.format('%.0f', offset)
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
-- Ages go by a clock that is never set back: the server's, and what that was set back by since the log began.
local reached, back = tonumber(log[4]) or 0, tonumber(log[5]) or 0
local aged = {}
if now + back < reached then
  back = reached - now
  redis.call('HSET', KEYS[2], 's', string.format('%.0f', back))
end
local age = string.format('%.0f', now + back)
if back > 0 then
  aged = {'a', age}
end
redis.call('HSET', KEYS[2], 'g', generation[1], 'e', epoch, 'o', at, 'a', ARGV[4], 'c', age)
redis.call('PEXPIRE', KEYS[2], ARGV[9])
if ARGV[3] ~= '0' then
  local added = redis.pcall('XADD', KEYS[3], 'MAXLEN', '=', ARGV[3], at .. '-0', 't', now, 'p', ARGV[6], unpack(aged))
  if type(added) == 'table' and added.err then
    -- Somebody else has written there: what is in it is nobody's log any more.
    epoch, offset, at = ARGV[2], 1, '1'
    redis.call('UNLINK', KEYS[3])
    redis.call('HSET', KEYS[2], 'e', epoch, 'o', at)
    redis.call('XADD', KEYS[3], at .. '-0', 't', now, 'p', ARGV[6], unpack(aged))
  end
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
end
if ARGV[8] ~= '0' then
  redis.call('SET', KEYS[4], epoch .. ' ' .. at, 'PX', ARGV[8])
end
redis.call('PUBLISH', ARGV[5], '1 ' .. epoch .. ' ' .. at .. ' ' .. now .. '\n' .. ARGV[6])
return {epoch, offset}
