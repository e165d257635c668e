// What scripts and commands are given. Of the client library nothing else is seen outside of RedisConnection.
global using RedisKey = StackExchange.Redis.RedisKey;
global using RedisValue = StackExchange.Redis.RedisValue;
