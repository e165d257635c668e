using TestKit;
using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests.Directories;

/// <summary>What a node's report says of its directory.</summary>
public sealed class FiguresOfNodeTests
{
    [Fact]
    public async Task Bytes_segments_and_the_newest_commit_are_told_and_whether_it_can_be_written()
    {
        await using var world = new DataWorld(TimeProvider.System);
        var node = world.Start();
        await node.SayAsync("news", "one", durable: true);
        var figures = world.Backplane.Directory!;
        Assert.Equal((1, true), (figures.Segments, figures.Writable));
        Assert.InRange(figures.Bytes, 50, 1000);
        Assert.NotNull(figures.CommitTime);
        world.Backplane.Journal.BeforeSync = static _ => throw new IOException("no luck");
        await Assert.ThrowsAsync<Tidings.Brokers.BrokerUnavailableException>(() => node.SayAsync("news", "two", durable: true));
        await Eventually.TrueAsync(() => !world.Backplane.Directory!.Writable, "it says so");
        world.Backplane.Journal.BeforeSync = null;
    }
}
