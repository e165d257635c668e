using System.Globalization;
using System.Text;
using System.Text.Json;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Redis.Cluster;

/// <summary>Revocations as they stand in Redis: members of a sorted set, <c>user:name</c> and <c>token:id</c> by when it was; in pub/sub an array of
/// these and their times in turn.</summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything: what does not hold is refused, whatever is in it.</remarks>
internal static class RevocationText
{
    private const int LongestName = 8 * 1024;
    private const int LongestMessage = 8 << 20;
    private const string User = "user:";
    private const string Token = "token:";

    public static string Member(Revocation revocation) => (revocation.Kind == RevocationKind.User ? User : Token) + revocation.Name;

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
    public static Revocation? Read(byte[] member, string at) =>
        member.Length <= LongestName && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? Of(Encoding.UTF8.GetString(member), time) : null;

    /// <returns>Null where it is not what a node tells.</returns>
    public static IReadOnlyList<Revocation>? Decode(byte[] published)
    {
        if (published.Length > LongestMessage)
        {
            return null;
        }

        try
        {
            var revocations = new List<Revocation>();
            var reader = new Utf8JsonReader(published, new JsonReaderOptions { MaxDepth = 1 });
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
        var kind = member.StartsWith(User, StringComparison.Ordinal) ? RevocationKind.User : RevocationKind.Token;
        var name = kind == RevocationKind.User ? member[User.Length..] : member.StartsWith(Token, StringComparison.Ordinal) ? member[Token.Length..] : "";
        return name.Length is > 0 and <= LongestName && at is > 0 and <= StreamPosition.LargestOffset ? new Revocation(kind, name, at) : null;
    }
}
