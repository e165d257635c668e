-- Says something in passing to every node that listens, and tells back ends of it.
-- ARGV: channel of pub/sub, payload, event, receivers, channel of pub/sub for news of events,
--       most events in a queue, most bytes of them, milliseconds keys live, what stands before a receiver in the name of its queue, and of its state
-- Answers: {"untold"} where back ends could not be told; else {}
redis.call('PUBLISH', ARGV[1], ARGV[2])
if not pcall(tell, ARGV[3], ARGV[4], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]) then
  return {'untold'}
end
redis.call('PUBLISH', ARGV[5], '')
return {}
