using System.Text.Json;
using System.Text.Unicode;

namespace Tidings.Security.Tokens;

/// <summary>The JOSE header (RFC 7515 §4). It is the only JSON that is read before the signature has been checked.</summary>
internal static class TokenHeader
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = TokenLimits.HeaderDepth, AllowDuplicateProperties = false };

    /// <summary>Reads the header and chooses the keys that it may be checked with.</summary>
    internal static TokenFailure Read(ReadOnlyMemory<byte> json, TokenKeySet keys, out ulong chosen)
    {
        chosen = 0;
        if (!Utf8.IsValid(json.Span))
        {
            return TokenFailure.Header;
        }

        try
        {
            using var document = JsonDocument.Parse(json, s_options);
            return Read(document.RootElement, keys, out chosen);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader has no other way to say no; InvalidOperationException: half of a surrogate pair in an escape.
            return TokenFailure.Header;
        }
    }

    private static TokenFailure Read(JsonElement header, TokenKeySet keys, out ulong chosen)
    {
        chosen = 0;
        if (header.ValueKind != JsonValueKind.Object)
        {
            return TokenFailure.Header;
        }

        JsonElement algorithm = default, keyId = default;
        foreach (JsonProperty member in header.EnumerateObject())
        {
            if (member.NameEquals("alg"u8))
            {
                algorithm = member.Value;
            }
            else if (member.NameEquals("kid"u8))
            {
                keyId = member.Value;
            }
            else if (IsRefused(member))
            {
                return TokenFailure.Header;
            }
        }

        return algorithm.ValueKind == JsonValueKind.String && keyId.ValueKind is JsonValueKind.String or JsonValueKind.Undefined
            ? keys.Choose(algorithm, keyId, out chosen)
            : TokenFailure.Header;
    }

    // crit: no extension is understood here (§4.1.11). b64: a JWT never has it (RFC 7797 §7). jku, jwk, x5u, x5c: a token does not
    // bring its own key (RFC 8725 §3.10). Whatever else there is, is ignored (§4).
    private static bool IsRefused(JsonProperty member) =>
        member.NameEquals("crit"u8) || member.NameEquals("b64"u8)
        || member.NameEquals("jku"u8) || member.NameEquals("jwk"u8) || member.NameEquals("x5u"u8) || member.NameEquals("x5c"u8)
        || (member.NameEquals("typ"u8) && !IsTokenType(member.Value));

    // RFC 8725 §3.11: what was signed for another purpose (a logout token, a proof of possession) is no ticket in. RFC 7515 §4.1.9: "application/" may be left out.
    private static bool IsTokenType(JsonElement type) =>
        type.ValueKind == JsonValueKind.String
        && (type.ValueEquals("JWT"u8) || type.GetString()!.ToUpperInvariant() is "JWT" or "AT+JWT" or "APPLICATION/JWT" or "APPLICATION/AT+JWT");
}
