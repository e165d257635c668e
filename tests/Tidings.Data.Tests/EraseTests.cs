using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Data.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;

namespace Tidings.Data.Tests;

/// <summary>What is left in the directory of what was erased.</summary>
public sealed class EraseTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public EraseTests() => _world = new DataWorld(_time);

    [Fact]
    public async Task No_file_holds_the_bytes_of_an_erased_message_within_a_minute_and_its_neighbours_are_as_they_were()
    {
        var node = _world.Start();
        var top = await SayAsync(node, "news", 200);
        await SayAsync(node, "other", 50);
        var before = Texts(await node.ReadAsync("news", last: 200));
        Assert.Equal(1, await node.Broker.EraseAsync("news", top with { Offset = 17 }));
        Assert.True(Holds("needle-news-18."));
        await PurgedAsync("needle-news-17.");
        Assert.True(Holds("needle-news-18."));
        before[16] = "Removed ";
        Assert.Equal(before, Texts(await node.ReadAsync("news", last: 200)));
        node = await _world.RestartAsync();
        Assert.Equal(before, Texts(await node.ReadAsync("news", last: 200)));
        Assert.Equal(0, await node.Broker.EraseAsync("news", top with { Offset = 17 }));
        Assert.Equal(top with { Offset = 201 }, await node.SayAsync("news", "next", history: 500));
    }

    [Fact]
    public async Task No_file_holds_the_bytes_of_an_erased_log_within_a_minute()
    {
        var node = _world.Start();
        var top = await SayAsync(node, "news", 50);
        await SayAsync(node, "other", 50);
        Assert.Equal(50, await node.Broker.EraseAsync("news", null));
        var renewed = (await node.ReadAsync("news")).Top;
        Assert.NotEqual(top.Epoch, renewed.Epoch);
        Assert.Equal(renewed with { Offset = 1 }, await node.SayAsync("news", "anew"));
        await PurgedAsync("needle-news-");
        Assert.Equal(50, (await node.ReadAsync("other", last: 100)).Messages.Count);
        node = await _world.RestartAsync();
        Assert.Equal(renewed with { Offset = 1 }, (await node.ReadAsync("news")).Top);
        Assert.Equal(50, (await node.ReadAsync("other", last: 100)).Messages.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_erased_before_a_kill_is_never_shown_again_and_its_bytes_go(bool all)
    {
        var node = _world.Start();
        var top = await SayAsync(node, "news", 50);
        await node.Broker.EraseAsync("news", all ? null : top with { Offset = 17 });
        await using var killed = _world.Kill();
        await _world.StopAsync();
        var after = killed.Start();
        var part = await after.ReadAsync("news", last: 100);
        if (all)
        {
            Assert.Empty(part.Messages);
            Assert.NotEqual(top.Epoch, part.Top.Epoch);
        }
        else
        {
            Assert.Equal(MessageKind.Removed, part.Messages[16].Kind);
            Assert.Equal(49, part.Messages.Count(static message => message.Kind == MessageKind.Message));
            Assert.Equal(0, await after.Broker.EraseAsync("news", top with { Offset = 17 }));
        }

        await PurgedAsync(all ? "needle-news-" : "needle-news-17.", killed);
        Assert.Equal(all ? 0 : 50, (await after.ReadAsync("news", last: 100)).Messages.Count);
    }

    [Fact]
    public async Task Erasing_among_many_publishes_and_restarts_shows_what_it_should()
    {
        var random = new Random(23);
        var node = _world.Start();
        var erased = new HashSet<long>();
        var top = default(StreamPosition);
        for (var i = 1; i <= 300; i++)
        {
            top = await node.SayAsync("news", $"{i}", history: 1000);
            if (random.Next(5) == 0)
            {
                var offset = random.Next(1, i + 1);
                Assert.Equal(erased.Add(offset) ? 1 : 0, await node.Broker.EraseAsync("news", top with { Offset = offset }));
            }

            if (random.Next(40) == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(random.Next(1, 40)));
                node = random.Next(2) == 0 ? await _world.RestartAsync() : node;
            }
        }

        for (var round = 0; round < 2; round++)
        {
            var part = await node.ReadAsync("news", top with { Offset = 0 });
            Assert.True(part.Recovered);
            Assert.Equal(Enumerable.Range(1, 300).Select(i => erased.Contains(i) ? "Removed " : $"Message {i}"), Texts(part));
            node = await _world.RestartAsync();
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static async Task<StreamPosition> SayAsync(BrokerNode node, string channel, int count)
    {
        var top = default(StreamPosition);
        for (var i = 1; i <= count; i++)
        {
            top = await node.SayAsync(channel, $"needle-{channel}-{i}.", history: 500);
        }

        return top;
    }

    private static List<string> Texts(HistoryPart part) => [.. part.Messages.Select(static message => $"{message.Kind} {Encoding.UTF8.GetString(message.Data.Bytes.Span)}")];

    private bool Holds(string text, DataWorld? world = null)
    {
        var needle = Encoding.UTF8.GetBytes(text);
        var layout = (world ?? _world).Layout;
        return Directory.EnumerateFiles(layout.Root, "*", SearchOption.AllDirectories).Where(file => file != layout.Lock).Any(file => ReadShared(file).AsSpan().IndexOf(needle) >= 0);
    }

    private static byte[] ReadShared(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    // The journal and what compacts have threads of their own.
    private async Task PurgedAsync(string text, DataWorld? world = null)
    {
        for (var i = 0; i < 55 && Holds(text, world); i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        await Eventually.TrueAsync(() => !Holds(text, world), $"\"{text}\" is in no file");
    }
}
