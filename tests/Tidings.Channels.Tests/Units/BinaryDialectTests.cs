using System.Security.Cryptography;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Channels.Tests.Units;

/// <summary>What the two forms of the channel protocol share.</summary>
public sealed class BinaryDialectTests
{
    private readonly ConnectDialect _json;
    private readonly BinaryConnectDialect _binary;

    public BinaryDialectTests()
    {
        var deflater = new MessageDeflater(new DeflateSettings(6, 64));
        _json = new ConnectDialect(deflater);
        _binary = new BinaryConnectDialect(_json, deflater);
    }

    [Fact]
    public void JSON_is_encoded_and_compressed_once_for_both()
    {
        var message = Make(new MessageData(DataKind.Json, "\""u8.ToArray().Concat(Enumerable.Repeat((byte)'x', 500)).Concat("\""u8.ToArray()).ToArray()));
        Assert.Same(_json.BytesOf(message), _binary.BytesOf(message));
        Assert.Same(_json.Compressed!.BytesOf(message), _binary.Compressed!.BytesOf(message));
        Assert.NotSame(_json.BytesOf(message), _json.Compressed.BytesOf(message));
    }

    [Fact]
    public void A_binary_payload_has_a_form_for_each_of_them_and_each_is_made_once()
    {
        var payload = new byte[500];
        var message = Make(new MessageData(DataKind.Binary, payload));
        var frame = _binary.BytesOf(message);
        Assert.Same(frame, _binary.BytesOf(message));
        Assert.NotSame(frame, _json.BytesOf(message));
        Assert.Equal((byte)Opcode.Binary, frame[0] & 0x0F);
        Assert.EndsWith("\n" + new string('\0', 500), System.Text.Encoding.Latin1.GetString(frame), StringComparison.Ordinal);

        // Compressed it is a binary message, too.
        var compressed = _binary.Compressed!.BytesOf(message);
        Assert.Equal((0xC0 | (byte)Opcode.Binary, true), (compressed[0], compressed.Length < frame.Length));
        Assert.Same(compressed, _binary.Compressed.BytesOf(message));
    }

    [Fact]
    public void What_does_not_shrink_goes_as_it_is()
    {
        var message = Make(new MessageData(DataKind.Binary, RandomNumberGenerator.GetBytes(500)));
        Assert.Equal(_binary.BytesOf(message), _binary.Compressed!.BytesOf(message));
    }

    private static Message Make(MessageData data) => new() { Channel = "c", Position = new StreamPosition("e", 1), Time = 1, Data = data };
}
