using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TestKit;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Bench;

/// <summary><c>tidings bench</c>.</summary>
public sealed class BenchTests
{
    private static readonly string[] Short = ["--duration", "500ms", "--warm-up", "100ms"];

    [Theory]
    [InlineData("--channels", "4", "--publishers", "8")]
    [InlineData("--rooms", "--channels", "4", "--publishers", "8")]
    [InlineData("--channels", "1", "--size", "20KB")]
    [InlineData("--rooms", "--channels", "40", "--size", "1")]
    public async Task Every_message_comes_to_every_member_once_and_in_order(params string[] options)
    {
        await using var server = await LocalServer.StartAsync();
        var json = (await server.RunAsync(["bench", "--connections", "40", "--rate", "200", "--json", .. Short, .. options])).Succeeds().Json;
        foreach (var error in new[] { "lost", "doubled", "outOfOrder", "refused", "closed" })
        {
            Assert.Equal(0, json.GetProperty(error).GetInt64());
        }

        var (published, deliveries) = (json.GetProperty("published").GetInt64(), json.GetProperty("deliveries").GetInt64());
        Assert.InRange(published, 1, 120);
        var receivers = (40 + (options[0] == "--rooms" ? json.GetProperty("publishers").GetInt64() : 0)) / json.GetProperty("channels").GetInt64();
        Assert.InRange(deliveries, receivers, published * receivers);
        Assert.Equal(0, deliveries % receivers);
        Assert.True(json.GetProperty("milliseconds").GetProperty("p50").GetDouble() > 0);
        Assert.True(json.GetProperty("milliseconds").GetProperty("p50").GetDouble() <= json.GetProperty("milliseconds").GetProperty("most").GetDouble());
    }

    [Fact]
    public async Task It_says_in_words_what_it_found()
    {
        await using var server = await LocalServer.StartAsync();
        var result = await server.RunAsync(["bench", "--connections", "10", "--rate", "50", .. Short]);
        Assert.True(result.Code == 0, result.Errors);
        Assert.Matches(@"^connections   10 in 1 channels, 1 publishers\npublished     \d+ messages of 128 bytes, [\d.]+ % of what was due\ndeliveries    \d+ in 0\.5 s, \d+/s\nlatency       p50 [\d.]+ ms, p99 [\d.]+ ms, p99\.9 [\d.]+ ms, most [\d.]+ ms\nerrors        0 lost, 0 doubled, 0 out of order, 0 refused, 0 closed\nthis tool     ", result.Text);
        Assert.DoesNotContain("\u001b", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_refuses_is_counted_with_its_words_and_ends_with_1()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Limits:MessagesPerSecond", "5"), ("Tidings:Limits:MessageBurst", "5"));
        var result = await server.RunAsync(["bench", "--connections", "3", "--rate", "100", "--json", .. Short]);
        Assert.Equal(1, result.Code);
        Assert.True(result.Json.GetProperty("refused").GetInt64() > 0);
        Assert.Equal(0, result.Json.GetProperty("lost").GetInt64());
        Assert.Contains("Rate limit exceeded", result.Json.GetProperty("reasons").ToString(), StringComparison.Ordinal);
        Assert.Contains(result.Json.GetProperty("warnings").EnumerateArray(), static warning => warning.GetString()!.Contains("--limits none", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connections_that_are_not_to_be_had_end_it_with_how_they_were_refused()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Limits:Connections", "5"));
        (await server.RunAsync(["bench", "--connections", "20", .. Short])).Fails(1, "503 Service Unavailable");
        await using var other = await LocalServer.StartAsync(("Tidings:Limits:ConnectionsPerIp", "5"));
        (await other.RunAsync(["bench", "--connections", "20", .. Short])).Fails(1, "closed with 1008 Too many connections");
        await using var open = await LocalServer.StartAsync();
        (await open.RunAsync(["bench", "--connections", "2", "--prefix", "secret:x", .. Short])).Fails(1, "not_allowed");
    }

    [Fact]
    public async Task What_a_server_loses_doubles_or_reorders_is_found()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var lying = LieAsync(listener);
        var result = await Tool.RunAsync(["bench", "--rooms", "--connections", "1", "--rate", "100", "--json", "--url", $"http://{listener.LocalEndpoint}", "--duration", "400ms", "--warm-up", "0"]);
        Assert.Equal(1, result.Code);

        // Of the speaker's first five messages the listener gets 1, 1, 3, 2, 5; the speaker, who is in the room too, nothing at all.
        Assert.Equal(1, result.Json.GetProperty("doubled").GetInt64());
        Assert.Equal(1, result.Json.GetProperty("outOfOrder").GetInt64());
        Assert.Equal((2 * result.Json.GetProperty("published").GetInt64()) - 4, result.Json.GetProperty("lost").GetInt64());
        await lying;
    }

    [Theory]
    [InlineData("--connections", "0")]
    [InlineData("--connections", "50001")]
    [InlineData("--connections", "2", "--channels", "3")]
    [InlineData("--channels", "2", "--publishers", "1")]
    [InlineData("--rate", "0")]
    [InlineData("--size", "2MB")]
    [InlineData("--duration", "2h")]
    [InlineData("--duration", "soon")]
    [InlineData("--prefix", "a b")]
    public async Task What_is_out_of_bounds_ends_with_2(params string[] options) => (await Tool.RunAsync(["bench", .. options])).Fails(2, "must be");

    // A server of two connections that says what it likes to the one that does not speak.
    private static async Task LieAsync(TcpListener listener)
    {
        using var one = await ShakeHandsAsync(listener);
        using var two = await ShakeHandsAsync(listener);
        var (ofOne, ofTwo) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        var reading = Task.WhenAll(ReadAsync(one, ofOne), ReadAsync(two, ofTwo));
        await Eventually.TrueAsync(() => ofOne.Count + ofTwo.Count >= 5, "five messages have come");
        var (silent, said) = ofOne.IsEmpty ? (one, ofTwo.ToArray()) : (two, ofOne.ToArray());
        foreach (var number in new[] { 1, 1, 3, 2, 5 })
        {
            var text = Encoding.ASCII.GetBytes(said[number - 1]);
            await silent.GetStream().WriteAsync((byte[])[0x81, (byte)text.Length, .. text]);
        }

        await reading;
    }

    private static async Task<TcpClient> ShakeHandsAsync(TcpListener listener)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var client = await listener.AcceptTcpClientAsync(limit.Token);
        var head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var block = new byte[1024];
            head += Encoding.ASCII.GetString(block, 0, await client.GetStream().ReadAsync(block, limit.Token));
        }

        await client.GetStream().WriteAsync("HTTP/1.1 101 Switching Protocols\r\n\r\n"u8.ToArray(), limit.Token);
        return client;
    }

    // Each frame has a payload of 128 bytes: two bytes, two of length, four of mask.
    private static async Task ReadAsync(TcpClient client, ConcurrentQueue<string> messages)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var frame = new byte[8 + 128];
        try
        {
            while (true)
            {
                await client.GetStream().ReadExactlyAsync(frame, limit.Token);
                for (var i = 8; i < frame.Length; i++)
                {
                    frame[i] ^= frame[4 + (i % 4)];
                }

                messages.Enqueue(Encoding.ASCII.GetString(frame, 8, 117));
            }
        }
        catch (Exception error) when (error is IOException)
        {
            // The tool has gone.
        }
    }
}
