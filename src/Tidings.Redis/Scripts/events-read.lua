-- Reads a part of a queue.
-- KEYS: queue, its state
-- ARGV: the first id, most events (0 for none), with how many bytes a part ends
-- Answers: {how many dropped events are to be told, whether the receiver has unsubscribed, the oldest id in the queue, 1 where there may be more,
--           how often something was erased, then of each event its id and its bytes, which are empty where it is none}
local told = redis.call('HMGET', KEYS[2], 't', 'x', 'e')
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local answer = {told[1], told[2], oldest and oldest[1] or false, 0, told[3] or 0}
local from, left, bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
while left > 0 and bytes > 0 do
  local count = math.min(16, left)
  local some = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', count)
  for _, entry in ipairs(some) do
    local event = #entry[2] == 2 and entry[2][2] or ''
    answer[#answer + 1], answer[#answer + 2] = entry[1], event
    bytes = bytes - #event
    from = '(' .. entry[1]
  end
  left = left - #some
  if #some < count then
    return answer
  end
end
answer[4] = 1
return answer
