using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Tests.Scenarios;

/// <summary>The rig is wired right: what is spoiled between a real node and a reader of each transport is found, and blamed on that reader alone.</summary>
public sealed class LyingNetwork
{
    /// <summary>Each replaces bytes by as many others, so that frames and chunks stay whole.</summary>
    public static TheoryData<string, string, string, string> Lies => new()
    {
        { "ws", "\"type\":\"message\"", "\"type\":\"massage\"", nameof(Anomaly.Lost) },
        { "sse", "\"type\":\"message\"", "\"type\":\"massage\"", nameof(Anomaly.Lost) },
        { "sse", "\"v\":\"p1-", "\"v\":\"p0-", nameof(Anomaly.Corrupt) },
        { "poll", "\",\"f\":\"", "\",\"g\":\"", nameof(Anomaly.Corrupt) },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_on_the_wire_is_found(string transport, string truth, string lie, string sign)
    {
        await using var world = await FaultWorld.StartAsync(new WorldOptions { Nodes = 1, Redis = null, Channels = 1, Publishers = 4, Rate = 100 });
        var told = new Lie(truth, lie);
        await using var proxy = new FaultProxy(world.Nodes[0].Port) { DownFilter = () => told };
        var context = world.ReaderContext with { Pick = _ => new Uri($"http://127.0.0.1:{proxy.Port}") };
        var terms = new SubscriptionTerms("believer", world.Options.ChannelNames[0]);
        Reader believer = transport switch
        {
            "ws" => new WebSocketReader(context, terms, new Random(1)),
            "sse" => new EventStreamReader(context, terms, new Random(1)),
            _ => new PollReader(context, terms, new Random(1)),
        };
        world.Add(believer);
        await Eventually.TrueAsync(() => believer.IsLive, "the reader is there");
        world.StartPublishing();
        await Eventually.TrueAsync(() => told.Happened && believer.Journal.Deliveries > 30, "the lie is told, and more follows");
        await world.SettleAsync();
        var report = await world.JudgeAsync(new Expectations());
        Assert.True(report.Has(Enum.Parse<Anomaly>(sign)), report.ToString());
        Assert.All(report.Findings, finding => Assert.StartsWith("believer", finding.Who, StringComparison.Ordinal));
    }

    /// <summary>Says one thing for another, once.</summary>
    private sealed class Lie(string truth, string lie) : IByteFilter
    {
        private const int Occasion = 10;
        private int _occasions;

        public bool Happened => Volatile.Read(ref _occasions) >= Occasion;

        public ValueTask<ReadOnlyMemory<byte>> PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            var text = System.Text.Encoding.Latin1.GetString(bytes.Span);
            var at = text.IndexOf(truth, StringComparison.Ordinal);
            if (at < 0 || Interlocked.Increment(ref _occasions) != Occasion)
            {
                return new(bytes);
            }

            return new(System.Text.Encoding.Latin1.GetBytes(text[..at] + lie + text[(at + truth.Length)..]));
        }
    }
}
