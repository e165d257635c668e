using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Data.Logs;
using Tidings.Data.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Specification;

namespace Tidings.Data.Tests.Disk;

/// <summary>Room of what is not kept is given back, and what is kept is the same before, during and after.</summary>
public sealed class CompactionTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public CompactionTests() => _world = new DataWorld(_time);

    [Fact]
    public async Task Logs_are_the_same_after_it_and_the_directory_is_small()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var node = _world.Start();
        var said = new Dictionary<string, List<string>>();
        var quiet = await node.SayAsync("quiet", "once", "key", history: 5);
        for (var i = 0; i < 60_000; i++)
        {
            // Some are busy, some speak now and then; each keeps 50.
            var channel = random.Next(10) == 0 ? $"slow{random.Next(200)}" : $"busy{random.Next(5)}";
            var text = $"{i}" + new string('x', random.Next(300));
            await node.SayAsync(channel, text, history: 50);
            (said.TryGetValue(channel, out var list) ? list : said[channel] = []).Add(text);
        }

        _time.Advance(TimeSpan.FromMinutes(6));
        using var compactor = CompactorOf();
        await compactor.CompactAsync();
        await compactor.CompactAsync();
        await JudgeAsync(_world, said);
        Assert.InRange(_world.Backplane.Journal.Segments.Sum(static segment => (long)segment.End), 1, 12 << 20);

        await using var killed = _world.Kill();
        killed.Start();
        await JudgeAsync(killed, said);
        Assert.Equal(quiet, (await killed.Node!.ReadAsync("quiet", last: 10)).Messages.Single().Position);
        await _world.RestartAsync();
        await JudgeAsync(_world, said);
    }

    [Fact]
    public async Task What_only_says_how_far_a_log_has_come_survives_it()
    {
        var node = _world.Start();
        var last = default(StreamPosition);
        for (var i = 0; i < 20; i++)
        {
            last = await node.SayAsync("cursor", "x", history: 0);
            await node.SayAsync("brief", "x", $"key{i}", age: TimeSpan.FromMinutes(1));
        }

        using var listener = await Listener.OnAsync(node, "brief");
        using var other = await Listener.OnAsync(node, "cursor");
        _time.Advance(TimeSpan.FromMinutes(6));
        await FillAsync(3);
        using (var compactor = CompactorOf())
        {
            await compactor.CompactAsync();
        }

        Assert.DoesNotContain(_world.Backplane.Journal.Segments, static segment => segment.Number == 1);
        node = await _world.RestartAsync();
        Assert.Equal(last, (await node.ReadAsync("cursor")).Top);
        Assert.Equal(20, (await node.ReadAsync("brief")).Top.Offset);
        Assert.Equal(21, (await node.SayAsync("brief", "again", "key19")).Offset);
    }

    [Fact]
    public async Task Of_what_cannot_be_read_any_more_the_numbers_are_not_given_out_again()
    {
        var node = _world.Start();
        var last = default(StreamPosition);
        for (var i = 0; i < 50; i++)
        {
            last = await node.SayAsync("damaged", $"{i}", history: i < 25 ? 100 : 0);
        }

        await FillAsync(3);
        await using (var file = new FileStream(_world.Layout.Segment(1), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            file.Position = 500;
            file.Write("damage"u8);
        }

        using (var compactor = CompactorOf())
        {
            await compactor.CompactAsync();
        }

        node = await _world.RestartAsync();
        Assert.Equal(last, (await node.ReadAsync("damaged")).Top);
        Assert.Equal(51, (await node.SayAsync("damaged", "next")).Offset);
    }

    [Fact]
    public async Task Keys_are_remembered_though_their_messages_were_moved_or_are_gone()
    {
        var node = _world.Start();
        var first = await node.Broker.PublishAsync(new Publication("orders", MessageData.Text("paid"))
        {
            IdempotencyKey = "long", IdempotencyWindow = TimeSpan.FromDays(1), Retention = new Retention(1, TimeSpan.FromHours(1)),
        });
        await node.SayAsync("orders", "later", history: 1);
        await FillAsync(3);
        using (var compactor = CompactorOf())
        {
            await compactor.CompactAsync();
        }

        Assert.DoesNotContain(_world.Backplane.Journal.Segments, static segment => segment.Number == 1);
        node = await _world.RestartAsync();
        Assert.Equal(first, await node.SayAsync("orders", "paid", "long"));
    }

    [Fact]
    public async Task A_segment_is_not_read_before_it_has_its_end()
    {
        _world.Start();
        var wasGone = new TaskCompletionSource<bool>();
        _world.Backplane.Journal.BeforeEnd = segment => wasGone.TrySetResult(SpinWait.SpinUntil(() => segment.IsGone, TimeSpan.FromMilliseconds(300)));
        await FillAsync(1);
        using var compactor = CompactorOf();
        await compactor.CompactAsync();
        Assert.False(await wasGone.Task);
        Assert.DoesNotContain(_world.Backplane.Journal.Segments, static segment => segment.Number == 1);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Compactor CompactorOf() => ((DataBroker)_world.Node!.Broker).Compactor;

    // So many segments of what nobody keeps.
    private async Task FillAsync(int megabytes)
    {
        var segments = _world.Backplane.Journal.Segments[^1].Number;
        for (var i = 0; _world.Backplane.Journal.Segments[^1].Number == segments || i < megabytes * 20; i++)
        {
            await _world.Node!.SayAsync("filler", new string('x', 50_000), history: 1);
        }
    }

    private static async Task JudgeAsync(DataWorld world, Dictionary<string, List<string>> said)
    {
        foreach (var (channel, texts) in said)
        {
            var part = await world.Node!.ReadAsync(channel, last: 100);
            Assert.Equal(texts.TakeLast(50), part.Messages.Select(static message => Encoding.UTF8.GetString(message.Data.Bytes.Span)));
            Assert.Equal(texts.Count, part.Top.Offset);
        }
    }
}
