using Tidings.Brokers;
using Tidings.Data.Logs;
using Tidings.Data.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.Data.Tests.Disk;

/// <summary>Durable messages of clients are bounded on disk, and each sender has a share of that.</summary>
public sealed class DurableRoomTests : IAsyncDisposable
{
    private const int Size = 100_000;

    private readonly DataWorld _world = new(new ManualTime()) { DurableLimit = 4_000_000 };

    [Fact]
    public async Task A_sender_over_its_share_is_refused_alone_and_still_so_after_a_restart()
    {
        _world.Start();
        Assert.InRange(await FillAsync("ann"), 18, 20);
        Assert.InRange(await FillAsync("bob"), 8, 11);
        await _world.RestartAsync();
        Assert.Equal(0, await FillAsync("ann"));
        Assert.InRange(await FillAsync("cid"), 3, 6);

        // What is not durable has the memory's share, and the server has none.
        await SayAsync("ann", isDurable: false);
        await _world.Node!.Broker.PublishAsync(Message() with { Durable = true, Sender = Sender.Server });
    }

    [Fact]
    public async Task What_was_refused_is_nowhere()
    {
        _world.Start();
        var said = await FillAsync("ann");
        Assert.Equal(said, (await _world.Node!.ReadAsync("room", last: 1)).Top.Offset);
        Assert.Equal(said + 1, (await SayAsync("bob"))!.Value.Offset);
    }

    [Fact]
    public async Task Room_comes_back_with_the_segments_whose_messages_are_no_longer_kept()
    {
        _world.Start();
        await FillAsync("ann");
        for (var i = 0; i < 100; i++)
        {
            await _world.Node!.Broker.PublishAsync(Message() with { Sender = Sender.Server, Retention = new Retention(5, TimeSpan.FromHours(1)) });
        }

        await ((DataBroker)_world.Node!.Broker).Compactor.CompactAsync();
        Assert.InRange(await FillAsync("ann"), 18, 20);
    }

    [Fact]
    public async Task What_is_written_anew_still_counts_once()
    {
        _world.Start();
        var said = await FillAsync("ann");
        for (var i = 0; i < 100; i++)
        {
            await _world.Node!.Broker.PublishAsync(Message("other") with { Sender = Sender.Server, Retention = new Retention(1, TimeSpan.FromHours(1)) });
        }

        await ((DataBroker)_world.Node!.Broker).Compactor.CompactAsync();
        Assert.Equal(0, await FillAsync("ann"));
        await _world.RestartAsync();
        Assert.Equal(0, await FillAsync("ann"));
        Assert.Equal(said, (await _world.Node!.ReadAsync("room", last: 1)).Top.Offset);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static Publication Message(string channel = "room") => new(channel, MessageData.Text(new string('x', Size))) { Retention = new Retention(1000, TimeSpan.FromHours(1)) };

    private ValueTask<StreamPosition?> SayAsync(string user, bool isDurable = true) =>
        _world.Node!.Broker.PublishAsync(Message() with { Durable = isDurable, Sender = Sender.Of(user, default) });

    // How many messages were taken.
    private async Task<int> FillAsync(string user)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                await SayAsync(user);
            }
            catch (SenderQuotaException refused)
            {
                Assert.Null(refused.RetryAfter);
                return i;
            }
        }
    }
}
