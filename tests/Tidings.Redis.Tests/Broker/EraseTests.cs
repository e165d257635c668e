using System.Text;
using StackExchange.Redis;
using StreamPosition = Tidings.Protocol.StreamPosition;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Broker;

/// <summary>What is left in Redis of what was erased.</summary>
public sealed class EraseTests : IAsyncLifetime
{
    private const int Messages = 300;

    private RedisServer _redis = null!;

    // Otherwise its dumps are compressed, and nothing is found in them.
    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync(settings: ["--rdbcompression", "no"]);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task No_key_holds_the_bytes_of_an_erased_message_and_its_neighbours_are_as_they_were()
    {
        await using var world = new RedisWorld(_redis.Address);
        var node = await world.NodeAsync();
        using var client = await ConnectionMultiplexer.ConnectAsync(_redis.Address);
        for (var i = 1; i <= Messages; i++)
        {
            await SayAsync(node, "erase:one", i);
        }

        var before = await node.ReadAsync("erase:one", last: Messages);
        var life = await client.GetDatabase().KeyTimeToLiveAsync("tidings:stream:erase:one");
        Assert.True(await HoldsAsync(client, "needle-17-"));
        Assert.Equal(1, await node.Broker.EraseAsync("erase:one", before.Top with { Offset = 17 }));
        Assert.False(await HoldsAsync(client, "needle-17-"));
        Assert.True(await HoldsAsync(client, "needle-18-"));
        var after = await node.ReadAsync("erase:one", last: Messages);
        Assert.Equal(Messages, after.Messages.Count);
        foreach (var (was, now) in before.Messages.Zip(after.Messages).Where(static pair => pair.First.Offset != 17))
        {
            Assert.Equal((was.Position, was.Time, was.Key, was.From, was.Event), (now.Position, now.Time, now.Key, now.From, now.Event));
            Assert.True(was.Data.Bytes.Span.SequenceEqual(now.Data.Bytes.Span));
        }

        // It lives no longer and no shorter than it would have.
        var left = await client.GetDatabase().KeyTimeToLiveAsync("tidings:stream:erase:one");
        Assert.InRange(left!.Value, life!.Value - TimeSpan.FromMinutes(1), life.Value);
    }

    [Fact]
    public async Task No_key_holds_the_bytes_of_an_erased_log()
    {
        await using var world = new RedisWorld(_redis.Address);
        var node = await world.NodeAsync();
        using var client = await ConnectionMultiplexer.ConnectAsync(_redis.Address);
        for (var i = 1; i <= 20; i++)
        {
            await SayAsync(node, "erase:all", i);
        }

        Assert.Equal(20, await node.Broker.EraseAsync("erase:all", null));
        Assert.False(await HoldsAsync(client, "erase-all-"));
    }

    [Fact]
    public async Task Messages_that_are_erased_while_others_are_said_leave_no_hole()
    {
        await using var world = new RedisWorld(_redis.Address);
        var (one, other) = (await world.NodeAsync(), await world.NodeAsync());
        using var listener = await Listener.OnAsync(other, "erase:race");
        var positions = new List<StreamPosition>();
        for (var i = 1; i <= 100; i++)
        {
            positions.Add(await one.SayAsync("erase:race", $"{i}", history: 1000));
            if (i % 3 == 0)
            {
                await Task.WhenAll(one.Broker.EraseAsync("erase:race", positions[i - 1]).AsTask(), other.SayAsync("erase:race.other", "x"), one.Broker.EraseAsync("erase:race", positions[i / 2]).AsTask());
            }
        }

        await listener.HasHeardAsync(positions[^1]);
        var part = await other.ReadAsync("erase:race", positions[0] with { Offset = 0 });
        Assert.True(part.Recovered);
        Assert.Equal(Enumerable.Range(1, 100).Select(static i => (long)i), part.Messages.Select(static message => message.Offset));
        Assert.Null(listener.Gap);
        Assert.Equal(
            part.Messages.Where(static message => message.Kind == MessageKind.Removed).Select(static message => message.Offset),
            listener.Heard.Where(static message => message.Kind == MessageKind.Erasure).Select(static message => message.Offset).Order());
    }

    private static async Task SayAsync(BrokerNode node, string channel, int i) =>
        await node.Broker.PublishAsync(new Publication(channel, MessageData.Text($"needle-{i}-{channel.Replace(':', '-')}-{new string('x', 50)}"))
        {
            From = "ann",
            Key = $"needle-{i}-key",
            Event = i % 2 == 0 ? "even" : null,
            Retention = new Retention(Messages, TimeSpan.FromHours(1)),
        });

    // As an attacker with a copy of the keys would look for it.
    private static async Task<bool> HoldsAsync(ConnectionMultiplexer client, string text)
    {
        var needle = Encoding.UTF8.GetBytes(text);
        foreach (var key in client.GetServer(client.GetEndPoints()[0]).Keys())
        {
            if (await client.GetDatabase().KeyDumpAsync(key) is { } dump && dump.AsSpan().IndexOf(needle) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
