using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Pressure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>B47: peers that announce much and send little. Memory grows with what has arrived, and a sender is refused long before the others notice.</summary>
public abstract class B47_Bodies(string pump) : ServerTests(pump)
{
    private const string Attacker = "127.0.0.1";
    private const string Bystander = "127.0.0.2";
    private const int Announced = 1_000_000;
    private const int FirstPart = 4096;

    // So that nobody's patience ends while a busy machine opens hundreds of connections.
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Six_hundred_bodies_that_announce_a_megabyte_and_send_a_byte_hold_little_and_keep_nobody_else_out()
    {
        await using var server = await StartAsync(_time);
        await using var control = await ControlPair.StartAsync(server.Port);
        var sockets = new List<RawTcp>();
        try
        {
            for (var i = 0; i < 600; i++)
            {
                sockets.Add(await BeginAsync(server, "POST", "/connect"));
            }

            var refused = await sockets[^1].ReadResponseAsync();
            Assert.Equal((429, "5"), (refused.Status, refused.Header("Retry-After")));
            Assert.Contains("\"limit\":\"ip\"", refused.Body);
            Assert.InRange(server.Registry.Bodies.Waiting, 1, BodyBudget.PlacesPerSender);
            Assert.InRange(server.Registry.Bodies.Bytes, 1, 600 * FirstPart);

            await using var other = await RawTcp.ConnectAsync(server.Port, new RawOptions { From = Bystander });
            await other.SendAsync(Request(server, "POST", "/connect", 15) + "{\"type\":\"ping\"}");
            Assert.Equal(200, (await other.ReadResponseAsync()).Status);
            await control.ExpectUnharmedAsync();
        }
        finally
        {
            sockets.ForEach(static socket => socket.Reset());
        }

        await Eventually.EqualAsync((0, 0L), () => (server.Registry.Bodies.Waiting, server.Registry.Bodies.Bytes), "What bodies hold");
    }

    [Theory]
    [InlineData("POST", "/connect")]
    [InlineData("POST", "/api/publish")]
    [InlineData("POST", "/api/batch")]
    [InlineData("POST", "/broadcast")]
    [InlineData("POST", "/api/tasks")]
    [InlineData("PUT", "/api/tasks/a")]
    [InlineData("POST", "/items")]
    [InlineData("PUT", "/items/1")]
    [InlineData("PATCH", "/items/1")]
    public async Task Every_reader_of_a_body_grows_with_what_has_arrived(string method, string path)
    {
        await using var server = await StartAsync(_time);
        await using var socket = await BeginAsync(server, method, path, 500_000);
        await Eventually.EqualAsync((1, (long)FirstPart), () => (server.Registry.Bodies.Waiting, server.Registry.Bodies.Bytes), "What bodies hold");
        await socket.SendAsync(new string(' ', 10_000));
        await Eventually.TrueAsync(() => server.Registry.Bodies.Bytes is > 10_000 and <= 5 * FirstPart, "The body grows");
        socket.Reset();
        await Eventually.EqualAsync((0, 0L), () => (server.Registry.Bodies.Waiting, server.Registry.Bodies.Bytes), "What bodies hold");
    }

    [Fact]
    public async Task The_rest_of_a_body_is_waited_for_so_long_and_no_longer()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await BeginAsync(server, "POST", "/connect");
        await Eventually.EqualAsync(1, () => server.Registry.Bodies.Waiting, "Bodies that are waited for");
        _time.Advance(BodyBudget.Patience);
        var response = await socket.ReadResponseAsync();
        Assert.Equal(408, response.Status);
        Assert.Contains("\"code\":\"timeout\"", response.Body);
        await Eventually.EqualAsync((0, 0L), () => (server.Registry.Bodies.Waiting, server.Registry.Bodies.Bytes), "What bodies hold");
    }

    [Fact]
    public async Task A_body_that_comes_in_pieces_is_read_whole_and_one_that_is_too_large_is_not()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:HardMessageBytes", "64KB"), ("Tidings:Limits:MessageBytes", "64KB"));
        var command = "{\"type\":\"publish\",\"channel\":\"chat:a\",\"data\":\"" + new string('x', 50_000) + "\"}";
        await using var socket = await RawTcp.ConnectAsync(server.Port);
        await socket.SendAsync(Request(server, "POST", "/connect", command.Length));
        foreach (var piece in command.Chunk(7_000))
        {
            await socket.SendAsync(new string(piece));
        }

        Assert.Contains("\"published\"", (await socket.ReadResponseAsync()).Body);
        await using var large = await RawTcp.ConnectAsync(server.Port);
        await large.SendAsync($"POST /connect HTTP/1.1\r\nHost: localhost:{server.Port}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 5; i++)
        {
            await large.TrySendAsync(Encoding.ASCII.GetBytes($"{16 * 1024:x}\r\n{new string(' ', 16 * 1024)}\r\n"));
        }

        Assert.Equal(413, (await large.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task Half_received_messages_count_and_who_is_over_its_share_goes_alone()
    {
        await using var server = await StartBudgetAsync(400_000, 100_000);
        var sockets = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.ConnectSettledAsync("/ws")));
        await using var other = await server.ConnectSettledAsync("/ws", new RawOptions { From = Bystander });
        await sockets[0].SendAsync(RawFrame.OfText(new string('x', 40_000)) with { Final = false });
        await Eventually.TrueAsync(() => server.Registry.Bodies.Bytes >= 40_000, "What is half received counts");
        await sockets[1].SendAsync(RawFrame.OfText(new string('x', 60_000)) with { Final = false });
        await sockets[1].ExpectCloseAsync(1013, "Unavailable");

        // Those inside its share, and others, notice nothing.
        var rest = new string('y', 10);
        await sockets[0].SendAsync(new RawFrame(RawFrame.Continuation, Encoding.ASCII.GetBytes(rest)));
        await sockets[0].ExpectTextAsync("Echo: " + new string('x', 40_000) + rest);
        await sockets[2].SendTextAsync("hi");
        await sockets[2].ExpectTextAsync("Echo: hi");
        await other.SendAsync(RawFrame.OfText(new string('x', 60_000)) with { Final = false });
        await other.SendAsync(new RawFrame(RawFrame.Continuation, []));
        await other.ExpectTextAsync("Echo: " + new string('x', 60_000));
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await other.SendTextAsync("hi");
        await other.ExpectTextAsync("Echo: hi");
        await Eventually.EqualAsync(0, () => server.Registry.Bodies.Bytes, "What messages hold");
    }

    [Fact]
    public async Task A_small_message_that_inflates_to_much_holds_no_more_than_a_message_may()
    {
        await using var server = await StartBudgetAsync(800_000, 200_000, ("Tidings:Limits:MessageBytes", "64KB"), ("Tidings:Limits:HardMessageBytes", "1MB"));
        await using var socket = await server.ConnectSettledAsync("/ws", new RawOptions { Headers = [("Sec-WebSocket-Extensions", "permessage-deflate")] });
        await socket.SendAsync(Deflated(900_000));
        await socket.ExpectTextAsync("""{"error":"Message too large"}""");
        await Eventually.EqualAsync(0, () => server.Registry.Bodies.Bytes, "What messages hold");
        var text = new string('x', 60_000);
        await socket.SendAsync(Deflated(60_000));
        await socket.ExpectTextAsync("Echo: " + text);
        await socket.SendAsync(Deflated(2_000_000));
        await socket.ExpectCloseAsync(1009);
        server.ExpectNothingLogged();
    }

    private static RawFrame Deflated(int length)
    {
        using var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal))
        {
            deflate.Write(Encoding.ASCII.GetBytes(new string('x', length)));
        }

        // RFC 7692 §7.2.3.4: a final block, and the empty one behind it.
        return new RawFrame(RawFrame.TextOpcode, [.. bytes.ToArray(), 0]) { Reserved = 4 };
    }

    private Task<TestServer> StartBudgetAsync(long bytes, long share, params (string Key, string? Value)[] settings) =>
        StartAsync(_time, builder => builder.Services.AddSingleton(new BodyBudget(bytes, share)), settings);

    private static async Task<RawTcp> BeginAsync(TestServer server, string method, string path, int announced = Announced)
    {
        var socket = await RawTcp.ConnectAsync(server.Port, new RawOptions { From = Attacker });
        await socket.SendAsync(Request(server, method, path, announced) + "{");
        return socket;
    }

    private static string Request(TestServer server, string method, string path, int length) =>
        $"{method} {path} HTTP/1.1\r\nHost: localhost:{server.Port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n";
}
