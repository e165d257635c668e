using System.Text;

namespace Tidings.Conformance.Tests.Client;

/// <summary>What cases expect of a server. There is no "non-strict": what is not exactly right is wrong.</summary>
internal static class Judging
{
    /// <summary>Expects a message with this content, in any fragments, compressed or not where that was agreed.</summary>
    public static async Task ExpectMessageAsync(this WireClient client, int opcode, byte[] payload)
    {
        var message = new MemoryStream();
        var compressed = false;
        for (var first = true; ; first = false)
        {
            var frame = await NextAsync(client, $"a message of {payload.Length} bytes");
            Check(frame.Opcode == (first ? opcode : WireFrame.Continuation), $"{frame} instead of a message of {payload.Length} bytes");
            Check(frame.Reserved == 0 || (first && frame.Reserved == 4 && client.Extensions is not null), $"{frame} has reserved bits");
            compressed |= frame.Reserved != 0;
            message.Write(frame.Payload);
            if (frame.Final)
            {
                break;
            }
        }

        var bytes = compressed ? RawDeflate.Inflate(message.ToArray()) : message.ToArray();
        Check(bytes.AsSpan().SequenceEqual(payload), $"a message of {bytes.Length} bytes came back other than it went");
    }

    public static Task ExpectTextAsync(this WireClient client, string text) => client.ExpectMessageAsync(WireFrame.Text, Encoding.UTF8.GetBytes(text));

    public static async Task ExpectPongAsync(this WireClient client, byte[] payload)
    {
        var frame = await NextAsync(client, "a pong");
        Check(frame is { Opcode: WireFrame.Pong, Final: true, Reserved: 0 } && frame.Payload.AsSpan().SequenceEqual(payload), $"{frame} instead of a pong with {payload.Length} bytes");
    }

    /// <summary>Closes as a client does, and expects the same code back, the end of the TCP connection in order, and nothing else.</summary>
    public static async Task CloseAsync(this WireClient client)
    {
        await client.SendAsync(WireFrame.Encode(WireFrame.Close, WireFrame.Closing(1000)));
        await client.ExpectCloseAnswerAsync(WireFrame.Closing(1000));
    }

    /// <summary>The answer to our close frame.</summary>
    public static async Task ExpectCloseAnswerAsync(this WireClient client, byte[] payload)
    {
        await ExpectCloseFrameAsync(client, payload);
        Check(await client.ExpectEndAsync() == Ending.InOrder, "the connection was reset after the close frames");
    }

    /// <summary>Expects that the server fails the connection with this code (RFC 6455 §7.1.7), and ends it once it has our close frame.</summary>
    public static async Task ExpectFailureAsync(this WireClient client, int code)
    {
        var frame = await NextAsync(client, $"close {code}");
        Check(frame is { Opcode: WireFrame.Close, Final: true, Reserved: 0 }, $"{frame} instead of close {code}");
        Check(frame.Payload.Length >= 2 && ((frame.Payload[0] << 8) | frame.Payload[1]) == code, $"{frame} instead of close {code}");
        _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(frame.Payload, 2, frame.Payload.Length - 2);
        await client.SendAsync(WireFrame.Encode(WireFrame.Close, frame.Payload));
        Check(await client.ExpectEndAsync() == Ending.InOrder, "the connection was reset after the close frames");
    }

    public static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ConformanceException(otherwise);
        }
    }

    private static async Task ExpectCloseFrameAsync(WireClient client, byte[] payload)
    {
        var frame = await NextAsync(client, "a close frame");
        Check(frame is { Opcode: WireFrame.Close, Final: true, Reserved: 0 } && frame.Payload.AsSpan().SequenceEqual(payload), $"{frame} instead of a close frame with {Convert.ToHexString(payload)}");
    }

    private static async Task<WireFrame> NextAsync(WireClient client, string expected) =>
        await client.ReceiveAsync() ?? throw new ConformanceException($"the connection ended where {expected} should come");
}
