-- Applies changes of a node to what nodes hold, and adds what they tell to the queues: each change in one step, a batch once.
-- KEYS: what is held under the node's lease, what all nodes hold, the node's newest batch, leases
-- ARGV: lease, number of the batch (0: it has none), "1" where it says all that the node holds, channel of pub/sub, most events in a queue, most bytes of them,
--       milliseconds keys live, what stands before a receiver in the name of its queue, and of its state,
--       then of each change: "t" (told), "h" (held), "r" (released) or "w" (released, and its will told), key, event, receivers of it, will with its receivers before
-- Answers: {"ended"} where the lease does not hold; {"forgotten"} where it is not known what the node holds; else {"added"}
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
if tonumber(redis.call('ZSCORE', KEYS[4], ARGV[1]) or '0') <= tonumber(now) then
  return {'ended'}
end
if ARGV[2] ~= '0' and tonumber(redis.call('GET', KEYS[3]) or '0') >= tonumber(ARGV[2]) then
  return {'added'}
end
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], '', '1')
elseif redis.call('HEXISTS', KEYS[1], '') == 0 then
  for i = 10, #ARGV, 5 do
    if ARGV[i] ~= 't' then
      return {'forgotten'}
    end
  end
end
local told = false
local function add(event, receivers)
  told = tell(event, receivers, ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]) or told
end
-- A connection is held by one node alone, and not counted.
local function count(key, by)
  if string.sub(key, 1, 1) == 'c' then
    return by > 0 and 1 or 0
  end
  local sum = redis.call('HINCRBY', KEYS[2], key, by)
  if sum <= 0 then
    redis.call('HDEL', KEYS[2], key)
  end
  return sum
end
for i = 10, #ARGV, 5 do
  local kind, key, event, receivers, will = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if kind == 't' then
    add(event, receivers)
  elseif kind == 'h' then
    if redis.call('HSETNX', KEYS[1], key, will) == 1 and count(key, 1) == 1 then
      add(event, receivers)
    end
  else
    local left = redis.call('HGET', KEYS[1], key)
    if left then
      redis.call('HDEL', KEYS[1], key)
      if count(key, -1) <= 0 then
        if kind == 'w' then
          receivers, event = string.match(left, '^([^ ]*) (.*)$')
          event = event .. ',"time":' .. now .. '}'
        end
        add(event, receivers)
      end
    end
  end
end
if ARGV[2] ~= '0' then
  redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[7])
end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
if told then
  redis.call('PUBLISH', ARGV[4], '')
end
return {'added'}
