using System.Text;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Compression;

/// <summary>RFC 7692 §6 and §7.2.2: compressed messages from a peer, right and wrong.</summary>
public abstract class CompressedInput(string pump)
{
    private const string Offer = "permessage-deflate";
    private static readonly byte[] Hello = RawDeflate.Compress("Hello, Hello, Hello"u8);

    [Theory]
    [InlineData("F248CDC9C90700", "Hello")]
    [InlineData("F200110000", "Hello")]
    [InlineData("000500FAFF48656C6C6F00", "Hello")]
    [InlineData("F348CDC9C9070000", "Hello")]
    [InlineData("00", "")]
    public async Task The_samples_of_the_standard_are_understood(string hex, string text)
    {
        // The second sample of §7.2.3.2 needs the context of the first, which is never kept: it is corrupt.
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        await client.SendAsync(WireFrame.Encode(WireFrame.Text, Convert.FromHexString(hex), reserved: 4));
        if (hex == "F200110000")
        {
            await client.ExpectFailureAsync(1007);
            return;
        }

        await client.ExpectTextAsync(text);
        await client.CloseAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task A_compressed_message_may_come_in_fragments_with_pings_between(int size)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        foreach (var fragment in WireFrame.Fragment(WireFrame.Text, Hello, size, compressed: true))
        {
            await client.SendAsync([fragment, WireFrame.Encode(WireFrame.Ping, [1])]);
        }

        var text = false;
        for (var pongs = 0; pongs < (Hello.Length + size - 1) / size;)
        {
            var frame = (await client.ReceiveAsync())!;
            text |= frame.Opcode == WireFrame.Text;
            pongs += frame.Opcode == WireFrame.Pong ? 1 : 0;
        }

        Assert.True(text);
        await client.CloseAsync();
    }

    [Fact]
    public async Task Compressed_and_plain_messages_alternate()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        var large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60_000)));
        await client.SendAsync(
        [
            WireFrame.Encode(WireFrame.Text, "plain"u8),
            WireFrame.Encode(WireFrame.Text, RawDeflate.Compress(large), reserved: 4),
            WireFrame.Encode(WireFrame.Text, "plain again"u8),
            WireFrame.Encode(WireFrame.Binary, Hello, reserved: 4),
            WireFrame.Encode(WireFrame.Ping, "end"u8),
        ]);
        await client.ExpectTextAsync("plain");
        await client.ExpectMessageAsync(WireFrame.Text, large);
        await client.ExpectTextAsync("plain again");
        await client.ExpectMessageAsync(WireFrame.Binary, "Hello, Hello, Hello"u8.ToArray());
        await client.ExpectPongAsync("end"u8.ToArray());
        await client.CloseAsync();
    }

    [Fact]
    public async Task A_large_compressed_message_before_the_close_frame_is_answered_first()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        var large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 60_000)));
        await client.SendAsync([WireFrame.Encode(WireFrame.Text, RawDeflate.Compress(large), reserved: 4), WireFrame.Encode(WireFrame.Close, WireFrame.Closing(1000))]);
        await client.ExpectMessageAsync(WireFrame.Text, large);
        await client.ExpectCloseAnswerAsync(WireFrame.Closing(1000));
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("06")]
    [InlineData("000500FAFF4865")]
    [InlineData("000500FAFE48656C6C6F00")]
    [InlineData("F248CDC9C907")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF")]
    public async Task What_does_not_inflate_is_1007(string hex)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        await client.SendAsync(WireFrame.Encode(WireFrame.Binary, Convert.FromHexString(hex), reserved: 4));
        await client.ExpectFailureAsync(1007);
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task Text_that_inflates_to_no_UTF8_is_1007(int length)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        var random = new Random(length);
        var text = new byte[length];
        random.NextBytes(text);
        await client.SendAsync(WireFrame.Encode(WireFrame.Text, RawDeflate.Compress(text), reserved: 4));
        await client.ExpectFailureAsync(1007);
    }

    public static TheoryData<string, byte[][]> WrongBits => new()
    {
        { "a compressed ping", [WireFrame.Encode(WireFrame.Ping, Hello, reserved: 4)] },
        { "a compressed pong", [WireFrame.Encode(WireFrame.Pong, Hello, reserved: 4)] },
        { "a compressed close", [WireFrame.Encode(WireFrame.Close, WireFrame.Closing(1000), reserved: 4)] },
        { "RSV1 on a continuation", [WireFrame.Encode(WireFrame.Text, Hello.AsSpan(0, 2), final: false, reserved: 4), WireFrame.Encode(WireFrame.Continuation, Hello.AsSpan(2), reserved: 4)] },
        { "RSV1 on the continuation alone", [WireFrame.Encode(WireFrame.Text, "a"u8, final: false), WireFrame.Encode(WireFrame.Continuation, Hello, reserved: 4)] },
        { "RSV1 and RSV2", [WireFrame.Encode(WireFrame.Text, Hello, reserved: 6)] },
    };

    [Theory]
    [MemberData(nameof(WrongBits))]
    public async Task Reserved_bits_where_they_mean_nothing_are_1002(string what, byte[][] frames)
    {
        Assert.NotEmpty(what);
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, Offer);
        await client.SendAsync(frames);
        await client.ExpectFailureAsync(1002);
    }

    [Fact]
    public async Task A_compressed_message_without_agreement_is_1002()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port);
        await client.SendAsync(WireFrame.Encode(WireFrame.Text, Hello, reserved: 4));
        await client.ExpectFailureAsync(1002);
    }
}

public sealed class CompressedInputOnLanes() : CompressedInput(Pump.Lanes);

public sealed class CompressedInputOnStreams() : CompressedInput(Pump.Streams);
