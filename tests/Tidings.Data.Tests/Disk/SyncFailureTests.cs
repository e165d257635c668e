using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Data.Tests.World;
using Tidings.Protocol;

namespace Tidings.Data.Tests.Disk;

/// <summary>After a sync that failed nothing of that file counts as written: what memory has goes to another one, and nothing that was shown is missing.</summary>
public sealed class SyncFailureTests : IAsyncDisposable
{
    private readonly DataWorld _world = new();

    [Fact]
    public async Task What_was_shown_is_in_another_segment_and_publishing_says_unavailable_until_it_is()
    {
        var node = _world.Start();
        var shown = new List<(string Channel, StreamPosition Position)>();
        for (var i = 0; i < 200; i++)
        {
            shown.Add(($"c{i % 5}", await node.SayAsync($"c{i % 5}", $"{i}", history: 1000)));
        }

        await node.SayAsync("durable", "before", durable: true);
        var broken = true;
        _world.Backplane.Journal.BeforeSync = _ => FailIf(Volatile.Read(ref broken));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => SayUntilRefusedAsync(shown));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync("durable", "meanwhile", durable: true));
        await JudgeAsync(shown);

        Volatile.Write(ref broken, false);
        await Eventually.TrueAsync(() => _world.Backplane.Journal.Fault is null, "it goes on by itself");
        for (var i = 0; i < 50; i++)
        {
            shown.Add(("c1", await node.SayAsync("c1", $"{shown.Count}", history: 1000)));
        }

        await node.SayAsync("durable", "after", durable: true);
        await JudgeAsync(shown);
        await using var killed = _world.Kill();
        killed.Start();
        await JudgeAsync(shown, killed);
        await _world.RestartAsync();
        await JudgeAsync(shown);
    }

    [Fact]
    public async Task A_repeat_finds_what_a_failed_sync_left_in_doubt()
    {
        var node = _world.Start();
        var broken = true;
        _world.Backplane.Journal.BeforeSync = _ => FailIf(Volatile.Read(ref broken));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync("orders", "paid", "key", durable: true));
        Volatile.Write(ref broken, false);
        await Eventually.TrueAsync(() => _world.Backplane.Journal.Fault is null, "it goes on by itself");
        Assert.Equal(1, (await node.SayAsync("orders", "paid", "key", durable: true)).Offset);
        Assert.Equal(2, (await node.SayAsync("orders", "shipped")).Offset);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static void FailIf(bool broken)
    {
        if (broken)
        {
            throw new IOException("no luck");
        }
    }

    private async Task SayUntilRefusedAsync(List<(string Channel, StreamPosition Position)> shown)
    {
        for (var i = 0; i < 1_000_000; i++)
        {
            shown.Add(("c0", await _world.Node!.SayAsync("c0", $"{shown.Count}", history: 1_000_000)));
        }
    }

    private Task JudgeAsync(List<(string Channel, StreamPosition Position)> shown) => JudgeAsync(shown, _world);

    private static async Task JudgeAsync(List<(string Channel, StreamPosition Position)> shown, DataWorld world)
    {
        foreach (var channel in shown.Select(static one => one.Channel).Distinct())
        {
            var part = await world.Node!.ReadAsync(channel, last: 1_000_000);
            var said = shown.Index().Where(one => one.Item.Channel == channel).ToList();
            Assert.Equal(said.Select(static one => (one.Item.Position, $"{one.Index}")), part.Messages.Select(static message => (message.Position, Encoding.UTF8.GetString(message.Data.Bytes.Span))));
        }
    }
}
