using System.Diagnostics;
using System.Globalization;
using System.Net;
using Tidings.Connections;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

/// <summary>What limits cost a message that is let through.</summary>
public sealed class LimiterCostTests(ITestOutputHelper output)
{
    private const int Count = 100_000;

    private static readonly RateLimit Much = new(1_000_000, 1_000_000);
    private static readonly AddressKey Address = AddressKey.From(IPAddress.Loopback);
    private static readonly ConnectionSettings Settings = new()
    {
        Messages = new MessageRules(1024, 1024, Text: true, Binary: false),
        Rate = Much,
        ByteRate = new RateLimit(1_000_000_000, 1_000_000_000),
    };

    private readonly Rates _own = new(new RateLimits(), TimeProvider.System);
    private readonly Rates _shared = new(new RateLimits { MessagesPerIp = new(Much, IsSet: true), MessagesPerUser = new(Much), MessagesPerChannel = Much }, TimeProvider.System);

    [Fact]
    public void Nothing_is_allocated_for_a_message()
    {
        var limits = default(InboundLimits);
        Pass(ref limits, _shared, 0, 1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(ref limits, _shared, 1, 1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Not a test: run it with <c>-explicit only</c> to see today's numbers. They must be under 100 ns a message.</summary>
    [Fact(Explicit = true)]
    public void Report()
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"messages and bytes of the connection: {Measure(_own):F1} ns"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"and address, user and channel: {Measure(_shared):F1} ns"));
    }

    private static double Measure(Rates shared)
    {
        var best = double.MaxValue;
        for (var round = 0; round < 100; round++)
        {
            var limits = default(InboundLimits);
            var started = Stopwatch.GetTimestamp();
            Pass(ref limits, shared, round * 1_000L, Count);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalNanoseconds / Count);
        }

        return best;
    }

    private static void Pass(ref InboundLimits limits, Rates shared, long from, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var refusal = limits.Refuse(Settings, 100, from + (i / 1_000));
            refusal = refusal.Refuses ? refusal : shared.Refuse(Address, "ada");
            limits.IsAbusive(refusal.Refuses);
            shared.RefusePublish("chat:lobby");
        }
    }
}
