using System.Buffers.Text;

namespace Tidings.Server.Bench;

/// <summary>What is said in a run: <c>~publisher:number:time:</c> and filling. No character of it is escaped in JSON or in HTML, and no name has a tilde.</summary>
/// <param name="Publisher">Who says it.</param>
/// <param name="Number">1, 2, 3 … of this publisher.</param>
/// <param name="Sent">When, as a timestamp of this process.</param>
internal readonly record struct BenchMessage(int Publisher, long Number, long Sent)
{
    /// <summary>Room for the longest of all heads: four marks, and numbers of 10, 19 and 19 digits.</summary>
    public const int LongestHead = 52;

    /// <summary>Writes <paramref name="size"/> bytes, or as many as the head takes.</summary>
    public int Write(Span<byte> to, int size)
    {
        var at = 0;
        to[at++] = (byte)'~';
        foreach (var number in (ReadOnlySpan<long>)[Publisher, Number, Sent])
        {
            Utf8Formatter.TryFormat(number, to[at..], out var length);
            at += length;
            to[at++] = (byte)':';
        }

        to[at..Math.Max(at, size)].Fill((byte)'x');
        return Math.Max(at, size);
    }

    /// <summary>Finds the message in what a server sends.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out BenchMessage message)
    {
        message = default;
        var start = frame.IndexOf((byte)'~');
        if (start < 0)
        {
            return false;
        }

        frame = frame[(start + 1)..];
        if (!TakeNumber(ref frame, out var publisher) || !TakeNumber(ref frame, out var number) || !TakeNumber(ref frame, out var sent) || publisher > int.MaxValue)
        {
            return false;
        }

        message = new BenchMessage((int)publisher, number, sent);
        return true;
    }

    private static bool TakeNumber(ref ReadOnlySpan<byte> text, out long number)
    {
        if (!Utf8Parser.TryParse(text, out number, out var length) || length == text.Length || text[length] != ':' || number < 0)
        {
            return false;
        }

        text = text[(length + 1)..];
        return true;
    }
}
