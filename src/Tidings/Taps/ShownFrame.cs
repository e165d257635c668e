using System.Buffers.Binary;
using System.Text;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Taps;

/// <summary>What is shown of a frame to who follows its connection: no secret, and of bytes that may hold one nothing but how many they are.</summary>
/// <param name="Kind"><c>text</c>, <c>binary</c>, <c>ping</c>, <c>pong</c>, <c>close</c> or <c>oversized</c>.</param>
/// <param name="Text">The text, a close's reason, or the line of JSON before bytes; masked. Null where there is none.</param>
/// <param name="IsCut">Whether the text goes on.</param>
/// <param name="Hex">The first bytes behind a line of JSON; null where none are shown.</param>
/// <param name="Code">A close code; null where there is none.</param>
internal sealed record ShownFrame(string Kind, string? Text = null, bool IsCut = false, string? Hex = null, int? Code = null)
{
    private const int BytesShown = 16;

    public static ShownFrame Of(TappedFrame frame) => frame switch
    {
        { IsTooLarge: true } => new ShownFrame("oversized"),
        { Opcode: Opcode.Ping } => new ShownFrame("ping"),
        { Opcode: Opcode.Pong } => new ShownFrame("pong"),
        { Opcode: Opcode.Close } => Close(frame.Start),
        { IsCompressed: true } => OfData(frame, Inflate(frame, out var isCut), isCut),
        _ => OfData(frame, frame.Start, frame.IsCut),
    };

    private static ShownFrame OfData(TappedFrame frame, ReadOnlySpan<byte> start, bool isCut)
    {
        if (frame.Opcode == Opcode.Text)
        {
            return new ShownFrame("text", SecretJson.Hide(start, isCut), isCut);
        }

        var line = start.IndexOf((byte)'\n');
        return !frame.HasHeadLine || (line < 0 && !isCut) ? new ShownFrame("binary")
            : line < 0 ? new ShownFrame("binary", SecretJson.Hide(start, isCut: true), IsCut: true)
            : new ShownFrame("binary", SecretJson.Hide(start[..line], isCut: false), isCut, Convert.ToHexStringLower(start[(line + 1)..][..Math.Min(BytesShown, start.Length - line - 1)]));
    }

    private static ShownFrame Close(ReadOnlySpan<byte> payload) => payload.Length < sizeof(ushort)
        ? new ShownFrame("close")
        : new ShownFrame("close", SecretText.Hide(Encoding.UTF8.GetString(payload[sizeof(ushort)..])), Code: BinaryPrimitives.ReadUInt16BigEndian(payload));

    private static ReadOnlySpan<byte> Inflate(TappedFrame frame, out bool isCut)
    {
        var start = new byte[TappedFrame.Longest];
        var length = InflateStart.Read(frame.Start, start, out var isWhole);
        isCut = frame.IsCut || !isWhole;
        return start.AsSpan(0, length);
    }
}
