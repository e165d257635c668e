using System.Security.Cryptography;
using System.Text;
using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Tests.Frames;

/// <summary>Reads a wire sample with fresh readers and tells what came out, one word or two per event.</summary>
internal sealed record Reading(bool FromClient = true, bool AllowCompressed = false)
{
    public static readonly MessageRules Generous = new(1 << 20, 1 << 24, Text: true, Binary: true);

    public MessageRules Rules { get; init; } = Generous;

    /// <summary>
    /// The messages in <paramref name="wire"/>, found alike in every cutting: whole, in two at each position, one byte at a time.
    /// </summary>
    public string Messages(params byte[][] wire) => EveryCutting.Same(ClientFrame.Join(wire), MessagesOf);

    /// <summary>The frames in <paramref name="wire"/>, found alike in every cutting.</summary>
    public string Frames(params byte[][] wire) => EveryCutting.Same(ClientFrame.Join(wire), FramesOf);

    /// <summary>Which byte of <paramref name="wire"/> brings the error; -1 where none does.</summary>
    public int ByteOfError(byte[] wire)
    {
        var reader = new MessageReader(FromClient, AllowCompressed);
        for (var i = 0; i < wire.Length; i++)
        {
            Span<byte> input = [wire[i]];
            while (true)
            {
                var found = reader.Read(ref input, Rules);
                if (found.Kind == MessageEventKind.Error)
                {
                    return i;
                }

                if (found.Kind == MessageEventKind.NeedMore)
                {
                    break;
                }
            }
        }

        reader.Release();
        return -1;
    }

    public string MessagesOf(IReadOnlyList<byte[]> segments)
    {
        var reader = new MessageReader(FromClient, AllowCompressed);
        var seen = new List<string>();
        foreach (var segment in segments)
        {
            var own = segment[..];
            var input = own.AsSpan();
            while (true)
            {
                var found = reader.Read(ref input, Rules);
                if (found.Kind == MessageEventKind.NeedMore)
                {
                    Assert.True(input.IsEmpty, "NeedMore came before all input was used");
                    break;
                }

                seen.Add(Describe(found));
                if (found.Kind == MessageEventKind.Error)
                {
                    AssertStays(ref reader, found.Error);
                    return string.Join(" | ", seen);
                }
            }

            // Nobody may still look at bytes that were read.
            own.AsSpan().Fill(0xA5);
        }

        reader.Release();
        return string.Join(" | ", seen);
    }

    public string FramesOf(IReadOnlyList<byte[]> segments)
    {
        var reader = new FrameReader(FromClient, AllowCompressed);
        var seen = new List<string>();
        var payload = new List<byte>();
        foreach (var segment in segments)
        {
            var own = segment[..];
            var input = own.AsSpan();
            for (var done = false; !done;)
            {
                var found = reader.Read(ref input);
                switch (found.Kind)
                {
                    case FrameEventKind.NeedMore:
                        Assert.True(input.IsEmpty, "NeedMore came before all input was used");
                        done = true;
                        break;
                    case FrameEventKind.Error:
                        seen.Add($"error {found.Error}");
                        return string.Join(" | ", seen);
                    case FrameEventKind.Control:
                        seen.Add($"{found.Opcode} {Show(found.Payload)}");
                        break;
                    default:
                        if (found.StartsFrame)
                        {
                            payload.Clear();
                            seen.Add($"{(found.StartsMessage ? "first " : "")}{found.Opcode}{(found.Compressed ? "+rsv1" : "")} of {found.FrameLength}");
                        }

                        payload.AddRange(found.Payload);
                        if (found.EndsMessage)
                        {
                            seen.Add("end");
                        }

                        break;
                }
            }

            own.AsSpan().Fill(0xA5);
        }

        return string.Join(" | ", seen);
    }

    private void AssertStays(ref MessageReader reader, ProtocolError error)
    {
        var input = ClientFrame.Text("after the error").AsSpan();
        var again = reader.Read(ref input, Rules);
        Assert.Equal(MessageEventKind.Error, again.Kind);
        Assert.Equal(error, again.Error);
        Assert.Equal(0, reader.BufferedBytes);
    }

    private static string Describe(in MessageEvent found) => found.Kind switch
    {
        MessageEventKind.Text when found.Compressed => $"text+rsv1 {Convert.ToHexString(found.Payload)}",
        MessageEventKind.Text => $"text {Show(found.Payload)}",
        MessageEventKind.Binary => $"binary{(found.Compressed ? "+rsv1" : "")} {(found.Payload.Length > 64 ? Show(found.Payload) : Convert.ToHexString(found.Payload))}",
        MessageEventKind.Oversized => "oversized",
        MessageEventKind.Close => $"close {found.CloseCode} {Show(found.Payload)}".TrimEnd(),
        MessageEventKind.Error => $"error {found.Error} {found.Error.ToDisconnectCode().Code}",
        _ => $"{(found.Kind == MessageEventKind.Ping ? "ping" : "pong")} {Show(found.Payload)}".TrimEnd(),
    };

    public static string Show(ReadOnlySpan<byte> payload) => payload.Length > 64
        ? $"[{payload.Length} bytes {Convert.ToHexString(SHA256.HashData(payload), 0, 8)}]"
        : Encoding.UTF8.GetString(payload);
}
