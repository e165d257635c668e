using System.Buffers;
using System.Globalization;
using Tidings.Streams;

namespace Tidings.AspNetCore.Streams;

/// <summary>A place in a stream as clients have it: 16 digits, and the stream's tag, which tells it from one of another stream of the same name. In the order of places.</summary>
/// <param name="Place">The place; <see cref="StreamEngine.Now"/> for the end.</param>
/// <param name="Tag">The tag; null where the place has a name of its own.</param>
internal readonly record struct StreamOffset(long Place, string? Tag)
{
    private const int Digits = 16;
    private const int TagLength = 16;

    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public bool IsNow => Place == StreamEngine.Now;

    public static string Format(StreamHead head, long place) => string.Create(CultureInfo.InvariantCulture, $"{place:D16}_{head.Tag}");

    /// <returns>Null where it is none.</returns>
    public static StreamOffset? TryRead(string text) => text switch
    {
        "-1" => new StreamOffset(0, null),
        "now" => new StreamOffset(StreamEngine.Now, null),
        _ => text.Length == Digits + 1 + TagLength && text[Digits] == '_'
            && long.TryParse(text.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            && !text.AsSpan(Digits + 1).ContainsAnyExcept(Hexadecimal)
                ? new StreamOffset(place, text[(Digits + 1)..])
                : null,
    };

    /// <summary>Whether it is a place of this stream. The beginning is one of every stream.</summary>
    public bool IsOf(StreamHead head) => Tag is null || Place == 0 || head.Knows(Tag, Place);
}
