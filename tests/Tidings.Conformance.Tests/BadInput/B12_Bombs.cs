using System.IO.Compression;
using TestKit;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Conformance.Tests.Transport;

namespace Tidings.Conformance.Tests.BadInput;

/// <summary>B12: a small message that inflates to a thousand times its bytes.</summary>
[Collection(Alone.Name)]
public abstract class B12_Bombs(string pump)
{
    private const int Limit = 1024 * 1024;
    private const int Peers = 16;

    // Zeros by the megabyte, each piece complete in itself and of about a thousandth.
    private static readonly byte[] Piece = [.. RawDeflate.Bomb(1 << 20), 0x00, 0x00, 0xFF, 0xFF];

    [Theory]
    [InlineData(8)]
    [InlineData(900)]
    public async Task A_bomb_is_1009_and_costs_at_most_twice_the_limit(int megabytes)
    {
        await using var server = await TestServer.StartAsync(pump, settings: [("Tidings:Limits:Preset", "default"), ("Tidings:Limits:MessageBytes", "1MB"), ("Tidings:Limits:MessagesPerSecond", "0")]);
        await using var pair = await ControlPair.StartAsync(server.Port);
        byte[] payload = [.. Enumerable.Repeat(Piece, megabytes).SelectMany(static piece => piece)];
        var bomb = WireFrame.Encode(WireFrame.Text, payload.AsSpan(0, payload.Length - 4), reserved: 4);
        Assert.True(bomb.Length < Limit);
        var clients = new List<WireClient>();
        for (var i = 0; i < Peers; i++)
        {
            clients.Add(await WireClient.OpenAsync(server.Port, "permessage-deflate", "/ws/lobby"));
        }

        var peak = await MemoryPeak.OfAsync(() => Parallel.ForEachAsync(clients, new ParallelOptions { MaxDegreeOfParallelism = Peers }, async (client, _) =>
        {
            await client.SendAsync(bomb);
            await client.ExpectFailureAsync(1009);
        }));
        Assert.True(peak <= Peers * 2L * Limit, $"{peak / Peers} bytes for each bomb");
        await pair.ExpectUnharmedAsync();
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_message_over_the_soft_limit_alone_is_answered_and_the_next_is_taken()
    {
        await using var server = await TestServer.StartAsync(pump, settings: ("Tidings:Limits:Preset", "default"));
        await using var client = await WireClient.OpenAsync(server.Port, "permessage-deflate", "/ws/lobby");
        await client.SendAsync([WireFrame.Encode(WireFrame.Text, RawDeflate.Bomb(100_000), reserved: 4), WireFrame.Encode(WireFrame.Text, "small"u8)]);
        await client.ExpectTextAsync("""{"error":"Message too large"}""");
        await client.ExpectTextAsync("[lobby] small");
    }

    [Fact]
    public async Task A_compressed_body_is_no_JSON_to_the_publish_API()
    {
        await using var server = await TestServer.StartAsync(pump);
        using var body = new MemoryStream();
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[10_000_000]);
        }

        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync($"POST /broadcast HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n");
        await tcp.TrySendAsync(body.ToArray());
        var (status, _) = await tcp.ReadOneResponseAsync();
        Assert.InRange(status, 400, 415);
        server.ExpectNothingLogged();
    }
}

public sealed class B12OnLanes() : B12_Bombs(Pump.Lanes);

public sealed class B12OnStreams() : B12_Bombs(Pump.Streams);
