using System.Text;
using System.Text.Json;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>A user as JSON: what a token said, never the token. The claims of the application's own authentication are not in it.</summary>
internal static class IdentityText
{
    private const int Longest = 64 << 10;

    private static readonly string[] Members = ["user", "tokenId", "expires", "issued", "here", "seen", "channels", "within", "send", "claims", "info"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static byte[] Encode(Identity identity)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("user"u8, identity.User);
            if (identity.TokenId is { } tokenId)
            {
                writer.WriteString("tokenId"u8, tokenId);
            }

            writer.WriteNumber("expires"u8, identity.ExpiresAt);
            writer.WriteNumber("issued"u8, identity.IssuedAt);
            if (identity.IssuedHere)
            {
                writer.WriteBoolean("here"u8, true);
            }

            if (identity.SeenAt > 0)
            {
                writer.WriteNumber("seen"u8, identity.SeenAt);
            }

            if (identity.Grants is { } grants)
            {
                writer.WritePropertyName("channels"u8);
                grants.Permissions.Write(writer);
                if (grants.Within is { } within)
                {
                    WriteTexts(writer, "within", within);
                }
            }

            if (identity.Send is { } send)
            {
                writer.WriteBoolean("send"u8, send);
            }

            if (identity.Claims is { } claims)
            {
                writer.WriteStartObject("claims"u8);
                foreach (var (name, values) in claims)
                {
                    WriteTexts(writer, name, values);
                }

                writer.WriteEndObject();
            }

            if (identity.Info is { } info)
            {
                writer.WritePropertyName("info"u8);
                writer.WriteRawValue(info);
            }

            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <returns>Null where it is not what a node writes, and nothing else: what is missing, or what a later version has added, could be what limits the user.</returns>
    public static Identity? Decode(ReadOnlyMemory<byte> json)
    {
        if (json.Length > Longest)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var root = document.RootElement;
            if (root.EnumerateObject().Any(static member => !Members.Contains(member.Name) || member.Value.ValueKind == JsonValueKind.Null))
            {
                return null;
            }

            var user = root.GetProperty("user"u8).GetString() ?? "";
            ChannelGrants? grants = null;
            var within = root.TryGetProperty("within"u8, out var patterns) ? Texts(patterns) : null;
            if (root.TryGetProperty("channels"u8, out var channels)
                && (!TokenPermissions.TryRead(channels, out var permissions) || (grants = ChannelGrants.TryCompile(permissions, within)) is null))
            {
                return null;
            }

            return UserId.IsValid(user)
                ? new Identity
                {
                    User = user,
                    TokenId = root.TryGetProperty("tokenId"u8, out var tokenId) ? tokenId.GetString() : null,
                    ExpiresAt = root.GetProperty("expires"u8).GetInt64(),
                    IssuedAt = root.GetProperty("issued"u8).GetInt64(),
                    IssuedHere = root.TryGetProperty("here"u8, out var here) && here.GetBoolean(),
                    SeenAt = root.TryGetProperty("seen"u8, out var seen) ? seen.GetInt64() : 0,
                    Grants = grants,
                    Claims = root.TryGetProperty("claims"u8, out var claims)
                        ? claims.EnumerateObject().ToDictionary(static claim => claim.Name, static claim => (IReadOnlyList<string>)Texts(claim.Value), StringComparer.Ordinal)
                        : null,
                    Info = root.TryGetProperty("info"u8, out var info) ? Encoding.UTF8.GetBytes(info.GetRawText()) : null,
                    Send = root.TryGetProperty("send"u8, out var send) ? send.GetBoolean() : null,
                }
                : null;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    private static List<string> Texts(JsonElement list) =>
        [.. list.EnumerateArray().Select(static text => text.GetString() ?? throw new FormatException("A text is missing."))];
}
