-- Tells the wills of what a node held whose lease has ended: each once, in the step that takes it out.
-- KEYS: what was held under the lease, what all nodes hold
-- ARGV: about how many at once, channel of pub/sub, most events in a queue, most bytes of them, milliseconds keys live, what stands before a receiver in the name of its queue, and of its state
-- Answers: how many are left
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local told = false
local part = redis.call('HSCAN', KEYS[1], '0', 'COUNT', ARGV[1])[2]
for i = 1, #part, 2 do
  local key = part[i]
  redis.call('HDEL', KEYS[1], key)
  if key ~= '' then
    local last = string.sub(key, 1, 1) == 'c'
    if not last and redis.call('HINCRBY', KEYS[2], key, -1) <= 0 then
      redis.call('HDEL', KEYS[2], key)
      last = true
    end
    local receivers, event = string.match(part[i + 1], '^([^ ]*) (.*)$')
    if last and receivers then
      told = tell(event .. ',"time":' .. now .. '}', receivers, ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]) or told
    end
  end
end
if told then
  redis.call('PUBLISH', ARGV[2], '')
end
return redis.call('HLEN', KEYS[1])
