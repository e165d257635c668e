using System.Globalization;
using System.Text;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Security.Identities;

/// <summary>Revocations as nodes write them for each other: members of a sorted set, <c>user:name</c>, <c>token:id</c> and <c>undated:name</c> by when it was; under a seal
/// the time stands before each, as the set's own can be changed. In pub/sub an array of these and their times in turn.</summary>
/// <remarks>What is read was written by somebody who may write where nodes do, and may be anything: what does not hold is refused, whatever is in it.</remarks>
internal static class RevocationText
{
    private const int LongestName = 8 * 1024;
    private const int LongestMessage = 8 << 20;
    private const string User = "user:";
    private const string Token = "token:";
    private const string Undated = "undated:";

    public static string Member(Revocation revocation) =>
        revocation.Kind switch { RevocationKind.User => User, RevocationKind.Token => Token, _ => Undated } + revocation.Name;

    /// <summary>What is sealed of a member.</summary>
    public static byte[] Timed(Revocation revocation) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{revocation.At} {Member(revocation)}"));

    public static byte[] Encode(IEnumerable<Revocation> revocations)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (var revocation in revocations)
            {
                writer.WriteStringValue(Member(revocation));
                writer.WriteNumberValue(revocation.At);
            }

            writer.WriteEndArray();
        }

        return buffer.ToArray();
    }

    /// <returns>Null where it is none.</returns>
    public static Revocation? Read(ReadOnlySpan<byte> member, string at)
    {
        if (member.Length > LongestName)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(member);
        if (text.Length > 0 && char.IsAsciiDigit(text[0]) && text.IndexOf(' ', StringComparison.Ordinal) is var space and > 0)
        {
            (at, text) = (text[..space], text[(space + 1)..]);
        }

        return long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? Of(text, time) : null;
    }

    /// <returns>Null where it is not what a node tells.</returns>
    public static IReadOnlyList<Revocation>? Decode(ReadOnlyMemory<byte> published)
    {
        if (published.Length > LongestMessage)
        {
            return null;
        }

        try
        {
            var revocations = new List<Revocation>();
            var reader = new Utf8JsonReader(published.Span, new JsonReaderOptions { MaxDepth = 1 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                var member = reader.GetString()!;
                if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var at) || Of(member, at) is not { } revocation)
                {
                    return null;
                }

                revocations.Add(revocation);
            }

            return reader.TokenType == JsonTokenType.EndArray && !reader.Read() ? revocations : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Revocation? Of(string member, long at)
    {
        RevocationKind kind;
        string name;
        if (member.StartsWith(User, StringComparison.Ordinal))
        {
            (kind, name) = (RevocationKind.User, member[User.Length..]);
        }
        else if (member.StartsWith(Token, StringComparison.Ordinal))
        {
            (kind, name) = (RevocationKind.Token, member[Token.Length..]);
        }
        else if (member.StartsWith(Undated, StringComparison.Ordinal))
        {
            (kind, name) = (RevocationKind.Undated, member[Undated.Length..]);
        }
        else
        {
            return null;
        }

        return name.Length is > 0 and <= LongestName && at is > 0 and <= StreamPosition.LargestOffset ? new Revocation(kind, name, at) : null;
    }
}
