using System.Text;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Readers of streams and answers that don't read, as Redis CVE-2025-21605.</summary>
public sealed class B40_SlowStreams : HttpRules
{
    private const int Size = 16 * 1024;

    // What the kernel and the web server take at most before the queue begins to fill.
    private const int MostMessages = 64 * 1024 * 1024 / Size;

    private static readonly string Text = $"\"{new string('x', Size)}\"";

    [Fact]
    public async Task A_stream_that_is_not_read_is_ended_at_its_bound_and_the_others_lose_nothing()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Limits:QueueBytes", "256KB"));
        await using var slow = await OpenSlowlyAsync(server, "short:a");
        await using var other = await EventStream.OpenAsync(server.Http, "/connect?channel=short:a");
        await other.ExpectAsync("connected");
        await OverwhelmAsync(server, other);
        Assert.InRange(server.QueuedBytes, 0, 512 * 1024);

        // It is told, and has 5 s to read that.
        time.Advance(TimeSpan.FromSeconds(6));
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.Equal(0, server.QueuedBytes);
        await SayAsync(server, "short:a", "1");
        await other.ExpectMessageAsync("1");
    }

    [Fact]
    public async Task One_that_reads_again_in_time_is_told_why_it_ends_and_where_to_go_on()
    {
        await using var server = await StartAsync(new ManualTime(), ("Tidings:Limits:QueueBytes", "256KB"));
        await using var slow = await OpenSlowlyAsync(server, "short:a");
        await using var other = await EventStream.OpenAsync(server.Http, "/connect?channel=short:a");
        await other.ExpectAsync("connected");
        await OverwhelmAsync(server, other);
        var end = "";
        while (await slow.FillAsync())
        {
            var chunk = Encoding.Latin1.GetString(slow.Take(slow.Buffered.Length));
            end = end.Length > 4096 ? end[^2048..] + chunk : end + chunk;
            if (end.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            {
                break;
            }
        }

        Assert.Contains("data: {\"type\":\"disconnecting\",\"code\":1013,\"reason\":\"Slow consumer\",\"reconnect\":true}\nid: ", end, StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
    }

    [Fact]
    public async Task An_answer_that_is_not_read_gives_its_place_back_after_30_s()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Limits:QueueBytes", "16MB"));
        await SayAsync(server, "chat:a", Enumerable.Repeat(Text, 600));
        await using var slow = await RawTcp.ConnectAsync(server.Port, new RawOptions { ReceiveBuffer = 4096 });
        await slow.SendAsync("GET /connect?wait=0&channel=chat:a&last=600 HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(await slow.FillAsync());
        Assert.Equal(1, server.Registry.Count);

        // The 30 s begin when the answer is whole, about when its first bytes come.
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(31));
                return server.Registry.Count == 0;
            },
            "the place is given back");
        await server.ExpectIdleAsync();
        Assert.Equal(0, server.QueuedBytes);
    }

    private static async Task<RawTcp> OpenSlowlyAsync(TestServer server, string channel)
    {
        var slow = await RawTcp.ConnectAsync(server.Port, new RawOptions { ReceiveBuffer = 4096 });
        await slow.SendAsync($"GET /connect?channel={channel} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
        Assert.True(await slow.FillAsync());
        return slow;
    }

    // Until the slow one is over its bound; the other reads along.
    private static async Task OverwhelmAsync(TestServer server, EventStream other)
    {
        var slowConsumers = 0;
        using var meters = new System.Diagnostics.Metrics.MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "tidings.slow_consumers" && ReferenceEquals(instrument.Meter, server.Registry.Metrics.Connections.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => Interlocked.Increment(ref slowConsumers));
        meters.Start();
        for (var i = 0; Volatile.Read(ref slowConsumers) == 0; i++)
        {
            Assert.True(i < MostMessages, "nobody is slow");
            await SayAsync(server, "short:a", Text);
            await other.ExpectMessageAsync(Text);
        }
    }
}
