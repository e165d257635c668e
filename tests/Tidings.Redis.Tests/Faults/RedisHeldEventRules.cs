using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

public sealed class RedisHeldEventRules(SharedRedis redis) : HeldEventRules, IClassFixture<SharedRedis>
{
    private protected override int Port => redis.Server.Port;

    private protected override string Through(int port) => $"127.0.0.1:{port}";

    private protected override Task ForgetAsync() => redis.Server.SendAsync("EVAL", "return redis.call('DEL', unpack(redis.call('KEYS', 'tidings:lease:*:events')))", "0");
}
