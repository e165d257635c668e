using System.Text;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Messages;

namespace Tidings.Conformance.Tests.Compression;

/// <summary>RFC 7692 §7.2.1: one sequence of compressed bytes for all who share the terms; what is small, or does not shrink, or does not fit a window goes plain.</summary>
public abstract class CompressedBroadcast(string pump)
{
    private const string Offer = "permessage-deflate; client_max_window_bits";

    [Fact]
    public async Task Everybody_gets_the_same_compressed_bytes()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var first = await WireClient.OpenAsync(server.Port, Offer, "/ws/lobby");
        await using var second = await WireClient.OpenAsync(server.Port, Offer + "; server_max_window_bits=15", "/ws/lobby");
        await using var plain = await WireClient.OpenAsync(server.Port, null, "/ws/lobby");
        var text = Text(5_000);
        await PublishAsync(server, text);

        var compressed = await ReceiveAsync(first);
        Assert.Equal(4, compressed.Reserved);
        Assert.True(compressed.Payload.Length < text.Length / 2);
        Assert.Equal("[lobby] " + text, Encoding.UTF8.GetString(RawDeflate.Inflate(compressed.Payload)));
        Assert.Equal(compressed.Payload, (await ReceiveAsync(second)).Payload);
        var uncompressed = await ReceiveAsync(plain);
        Assert.Equal((0, "[lobby] " + text), (uncompressed.Reserved, Encoding.UTF8.GetString(uncompressed.Payload)));
    }

    [Theory]
    [InlineData(9, 300)]
    [InlineData(12, 4_089)]
    [InlineData(14, 30_000)]
    public async Task A_peer_with_a_small_window_gets_messages_uncompressed(int bits, int length)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var whole = await WireClient.OpenAsync(server.Port, Offer, "/ws/lobby");
        await using var small = await WireClient.OpenAsync(server.Port, $"{Offer}; server_max_window_bits={bits}", "/ws/lobby");
        var text = Text(length);
        await PublishAsync(server, text);

        var toAll = await ReceiveAsync(whole);
        Assert.Equal(4, toAll.Reserved);
        var toSmall = await ReceiveAsync(small);
        Assert.Equal(0, toSmall.Reserved);
        Assert.Equal(Encoding.UTF8.GetBytes("[lobby] " + text), toSmall.Payload);
    }

    [Theory]
    [InlineData("", 247, false)]
    [InlineData("", 248, true)]
    [InlineData("1KB", 1_015, false)]
    [InlineData("1KB", 1_016, true)]
    [InlineData("0", 60, true)]
    public async Task What_is_under_the_threshold_goes_uncompressed(string threshold, int length, bool compressed)
    {
        await using var server = await TestServer.StartAsync(pump, settings: ("Tidings:Compression:ThresholdBytes", threshold));
        await using var client = await WireClient.OpenAsync(server.Port, Offer, "/ws/lobby");
        await PublishAsync(server, Text(length));
        Assert.Equal(compressed ? 4 : 0, (await ReceiveAsync(client)).Reserved);
    }

    [Fact]
    public async Task What_does_not_shrink_goes_uncompressed()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer, "/ws/lobby");
        var random = new Random(7);
        var noise = new string([.. Enumerable.Range(0, 400).Select(_ => char.ConvertFromUtf32(0x20000 + random.Next(0xA000))).SelectMany(static pair => pair)]);
        await PublishAsync(server, noise);
        var frame = await ReceiveAsync(client);
        Assert.True(frame.Reserved == 0 || frame.Payload.Length < Encoding.UTF8.GetByteCount("[lobby] " + noise));
    }

    // Distinct enough that it does not shrink to nothing, and of the same length in bytes.
    private static string Text(int length)
    {
        var text = new StringBuilder();
        for (var i = 0; text.Length < length; i++)
        {
            text.Append("Nachricht ").Append(i * 37 % 101).Append(", ");
        }

        return text.ToString(0, length);
    }

    private static Task PublishAsync(TestServer server, string text) =>
        server.Services.Node.Broker.PublishAsync(new Tidings.Brokers.Publication("room:lobby", MessageData.Text(text))).AsTask();

    private static async Task<WireFrame> ReceiveAsync(WireClient client)
    {
        var frame = await client.ReceiveAsync();
        Assert.Equal(WireFrame.Text, frame?.Opcode);
        Assert.True(frame!.Final);
        return frame;
    }
}

public sealed class CompressedBroadcastOnLanes() : CompressedBroadcast(Pump.Lanes);

public sealed class CompressedBroadcastOnStreams() : CompressedBroadcast(Pump.Streams);
