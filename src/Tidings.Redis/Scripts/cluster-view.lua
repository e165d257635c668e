-- Says what the server knows of its Cluster. As an answer of a script, since the client library would act by one of the command.
-- Answers: {"ok" where the Cluster takes commands, the newest epoch that the server has heard of, its slots as CLUSTER SLOTS tells them}
local state = redis.call('CLUSTER', 'INFO')
return {string.match(state, 'cluster_state:(%a+)'), string.match(state, 'cluster_current_epoch:(%d+)'), redis.call('CLUSTER', 'SLOTS')}
