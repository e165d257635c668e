-- Adds an event to the queues of those who are told of it. The oldest go where a queue is full.
-- Arguments: the event, receivers, most events in a queue, most bytes of them, milliseconds keys live, what stands before a receiver in the name of its queue, and of its state
-- Answers: whether anybody is told
local function tell(event, receivers, most, bytes, life, queues, states)
  local told = false
  for receiver in string.gmatch(receivers, '[^,]+') do
    local queue, state = queues .. receiver, states .. receiver
    if redis.call('HEXISTS', state, 'x') == 0 then
      redis.call('XADD', queue, '*', 'e', event)
      local size = redis.call('HINCRBY', state, 'b', #event)
      local count = redis.call('XLEN', queue)
      while count > 1 and (count > tonumber(most) or size > tonumber(bytes)) do
        local oldest = redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)[1]
        redis.call('XDEL', queue, oldest[1])
        size = redis.call('HINCRBY', state, 'b', -#oldest[2][2])
        redis.call('HINCRBY', state, 't', 1)
        count = count - 1
      end
      redis.call('PEXPIRE', queue, life)
      redis.call('PEXPIRE', state, life)
      told = true
    end
  end
  return told
end
