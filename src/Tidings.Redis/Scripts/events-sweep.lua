-- Tells the wills of what a node held whose lease has ended: each once, in the step that takes it out.
-- KEYS: what was held under the lease, what all nodes hold
-- ARGV: about how many at once, channel of pub/sub, most events in a queue, most bytes of them, milliseconds keys live, what stands before a receiver in the name of its queue, and of its state
-- Answers: how many are left
local clock = redis.call('TIME')
local now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
local told = false
local function tell(event, receivers)
  for receiver in string.gmatch(receivers, '[^,]+') do
    local queue, state = ARGV[6] .. receiver, ARGV[7] .. receiver
    if redis.call('HEXISTS', state, 'x') == 0 then
      redis.call('XADD', queue, '*', 'e', event)
      local bytes = redis.call('HINCRBY', state, 'b', #event)
      local count = redis.call('XLEN', queue)
      while count > 1 and (count > tonumber(ARGV[3]) or bytes > tonumber(ARGV[4])) do
        local oldest = redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)[1]
        redis.call('XDEL', queue, oldest[1])
        bytes = redis.call('HINCRBY', state, 'b', -#oldest[2][2])
        redis.call('HINCRBY', state, 't', 1)
        count = count - 1
      end
      redis.call('PEXPIRE', queue, ARGV[5])
      redis.call('PEXPIRE', state, ARGV[5])
      told = true
    end
  end
end
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
      tell(event .. ',"time":' .. now .. '}', receivers)
    end
  end
end
if told then
  redis.call('PUBLISH', ARGV[2], '')
end
return redis.call('HLEN', KEYS[1])
