using TestKit;
using Tidings.Redis.Tests.World;
using Tidings.Security.Tokens;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>The nodes' clocks are apart: a revocation holds on all of them, by the one clock that they share.</summary>
public sealed class ClockTests
{
    [Theory]
    [InlineData(-3600)]
    [InlineData(-10)]
    [InlineData(10)]
    [InlineData(3600)]
    public async Task What_a_node_revokes_whose_clock_is_wrong_is_revoked_everywhere(int seconds)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var right = await ClusterNode.StartAsync(redis.Address);
        var clock = new SteppedClock(TimeProvider.System);
        clock.Step(TimeSpan.FromSeconds(seconds));
        await using var wrong = await ClusterNode.StartAsync(redis.Address, clock);
        var old = TokenAt(-2);
        var ahead = TokenAt(20);
        var bob = await right.ConnectAsync("/connect?token=" + old);
        await bob.ReceiveTextAsync();
        await wrong.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}""");
        await bob.ExpectCloseInTheEndAsync(4010, "Disconnected by server");
        await ExpectAsync(right, old, 4001, "Invalid token");

        // It may be older than it says by as much as clocks may be apart, or newer: whoever comes back with a newer one gets in.
        await ExpectAsync(right, ahead, 1013, "Unavailable");
        Assert.True(right.Services.Node.Registry.Revocations.Judge(IdentityAt(40)) == Tidings.Security.Identities.RevocationVerdict.None, "what is made later is let in");
        Assert.True(wrong.Services.Node.Registry.Revocations.Judge(IdentityAt(40)) == Tidings.Security.Identities.RevocationVerdict.None, "there, too");
        Assert.True(wrong.Services.Node.Registry.Revocations.Judge(IdentityAt(-20)) == Tidings.Security.Identities.RevocationVerdict.Revoked, "what is older is not");
    }

    [Fact]
    public async Task A_node_whose_clock_jumps_goes_on_by_the_shared_one()
    {
        await using var redis = await RedisServer.StartAsync();
        var clock = new SteppedClock(TimeProvider.System);
        await using var node = await ClusterNode.StartAsync(redis.Address, clock);
        await using var other = await ClusterNode.StartAsync(redis.Address);
        foreach (var step in new[] { 3600, -7200, 3600, 10, -1, -9 })
        {
            clock.Step(TimeSpan.FromSeconds(step));
            Assert.InRange(node.Services.Node.Registry.Revocations.Clock.Now - other.Services.Node.Registry.Revocations.Clock.Now, -500, 500);
        }
    }

    private static Tidings.Security.Identities.Identity IdentityAt(double seconds) =>
        new() { User = "bob", IssuedAt = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds() };

    private static async Task ExpectAsync(ClusterNode node, string token, int code, string reason)
    {
        var socket = await node.ConnectAsync("/connect?token=" + token);
        await socket.ExpectCloseAsync(code, reason);
    }

    private static string TokenAt(int seconds) => new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, ClusterNode.Secret)).Write(new TokenClaims
    {
        Subject = "bob",
        IssuedAt = TimeProvider.System.GetUtcNow().AddSeconds(seconds),
        ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(2),
    });
}
