using System.Buffers.Text;
using Tidings.Messages;

namespace Tidings.Redis.Presence;

/// <summary>What is known of a member as it stands in Redis: JSON, or nothing; where clients say it by themselves, <c>\1</c>, the length of what is shown
/// of it, a space, what is shown, and what the server was told.</summary>
/// <remarks>It was written by somebody who may write in Redis, and may be anything.</remarks>
internal static class MemberValue
{
    private const byte Tracked = 1;

    /// <returns>False where it is none.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> value, out ReadOnlyMemory<byte> shown, out ReadOnlyMemory<byte> said, out bool isTracked)
    {
        (shown, said, isTracked) = (default, value, value.Span.StartsWith([Tracked]));
        if (isTracked)
        {
            var text = value[1..];
            if (!Utf8Parser.TryParse(text.Span, out int length, out var used) || used >= text.Length || text.Span[used] != ' ' || length < 0 || length > text.Length - used - 1)
            {
                return false;
            }

            (shown, said) = (text.Slice(used + 1, length), text[(used + 1 + length)..]);
        }

        return IsJson(shown) && IsJson(said);
    }

    private static bool IsJson(ReadOnlyMemory<byte> value) => value.IsEmpty || JsonPayload.IsOneLine(value.Span);
}
