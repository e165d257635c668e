using System.Text.Json;
using System.Text.Unicode;

namespace Tidings.Security.Tokens;

/// <summary>The claims of RFC 7519 §4.1 and our own, judged after the signature was found good. A claim that is there must have its form, <c>null</c> included.</summary>
internal sealed class TokenClaimsReader(ClaimMapping mapping, TokenValidatorOptions options)
{
    // 9999-12-31T23:59:59Z, the last second that DateTimeOffset holds. Milliseconds by mistake are beyond it.
    private const decimal LastSecond = 253_402_300_799m;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = TokenLimits.PayloadDepth, AllowDuplicateProperties = false };

    private readonly bool _requireExpiration = options.RequireExpiration;
    private readonly bool _keepPayload = options.KeepPayload;
    private readonly TimeSpan _clockSkew = options.ClockSkew;
    private readonly TimeSpan _maxLifetime = options.MaxLifetime ?? TimeSpan.MaxValue;

    internal TokenResult Read(ReadOnlyMemory<byte> json, DateTimeOffset now)
    {
        if (!Utf8.IsValid(json.Span))
        {
            return new TokenResult(TokenFailure.Claims);
        }

        try
        {
            using var document = JsonDocument.Parse(json, s_options);
            TokenFailure failure = Read(document.RootElement, json, now, out TokenIdentity? identity);
            return failure == TokenFailure.None ? new TokenResult(identity!) : new TokenResult(failure);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in an escape.
            return new TokenResult(TokenFailure.Claims);
        }
    }

    private TokenFailure Read(JsonElement claims, ReadOnlyMemory<byte> json, DateTimeOffset now, out TokenIdentity? identity)
    {
        identity = null;
        if (claims.ValueKind != JsonValueKind.Object
            || !TryReadTime(claims, "exp"u8, out DateTimeOffset? expiresAt)
            || !TryReadTime(claims, "nbf"u8, out DateTimeOffset? notBefore)
            || !TryReadTime(claims, "iat"u8, out DateTimeOffset? issuedAt)
            || !TryReadName(claims, "jti"u8, out string? tokenId)
            || !TryReadName(claims, "name"u8, out string? name)
            || !TryReadFlag(claims, "send"u8, out bool? send)
            || !MappedClaims.TryReadChannel(claims, out string? channel)
            || !MappedClaims.TryReadInfo(claims, out byte[] info))
        {
            return TokenFailure.Claims;
        }

        // §4.1.4: "on or after which the JWT MUST NOT be accepted". No skew: what ends a connection at exp must not let it in again.
        if (expiresAt is { } end ? now >= end : _requireExpiration)
        {
            return TokenFailure.Expired;
        }

        if (notBefore - now > _clockSkew || issuedAt - now > _clockSkew)
        {
            return TokenFailure.NotYetValid;
        }

        // A token that never ends has no lifetime that could be short enough.
        if (_maxLifetime < TimeSpan.MaxValue && !(expiresAt - (issuedAt ?? now) <= _maxLifetime))
        {
            return TokenFailure.Lifetime;
        }

        if (!IsIssuer(claims))
        {
            return TokenFailure.Issuer;
        }

        if (!IsAudience(claims))
        {
            return TokenFailure.Audience;
        }

        if (!MappedClaims.TryReadUser(claims, mapping, out string? subject))
        {
            return TokenFailure.Subject;
        }

        if (!MappedClaims.TryReadPermissions(claims, mapping, out TokenPermissions? permissions))
        {
            return TokenFailure.Permissions;
        }

        identity = new TokenIdentity
        {
            Subject = subject,
            TokenId = tokenId,
            Name = name,
            ExpiresAt = expiresAt,
            IssuedAt = issuedAt,
            Permissions = permissions,
            Send = send,
            Channel = channel,
            Info = info,
            Claims = MappedClaims.Keep(claims, mapping.Kept),
            Within = mapping.Within,
            Payload = _keepPayload ? json.ToArray() : default,
        };
        return TokenFailure.None;
    }

    // §4.1.1: compared as it stands, code point by code point. Without a configured issuer anyone whose key we hold may issue.
    private bool IsIssuer(JsonElement claims) =>
        claims.TryGetProperty("iss"u8, out JsonElement claim)
            ? claim.ValueKind == JsonValueKind.String && (mapping.Issuer is null || claim.ValueEquals(mapping.Issuer))
            : mapping.Issuer is null;

    // §4.1.3: a token that names audiences MUST be rejected by a server that is none of them, and so by one that has no name.
    private bool IsAudience(JsonElement claims)
    {
        string? audience = mapping.AudienceName;
        if (!mapping.Audience.TryFind(claims, out JsonElement claim))
        {
            return audience is null;
        }

        if (claim.ValueKind == JsonValueKind.String)
        {
            return audience is not null && claim.ValueEquals(audience);
        }

        bool named = false;
        if (claim.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in claim.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String)
                {
                    return false;
                }

                named |= audience is not null && item.ValueEquals(audience);
            }
        }

        return named;
    }

    private static bool TryReadName(JsonElement claims, ReadOnlySpan<byte> claim, out string? name)
    {
        name = null;
        return !claims.TryGetProperty(claim, out JsonElement value) || TokenText.TryGetName(value, out name);
    }

    private static bool TryReadFlag(JsonElement claims, ReadOnlySpan<byte> claim, out bool? flag)
    {
        flag = null;
        if (claims.TryGetProperty(claim, out JsonElement value))
        {
            flag = value.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };
            return flag is not null;
        }

        return true;
    }

    /// <summary>A NumericDate (§2): a JSON number of seconds since 1970, whole or not. Absent is null; decimal arithmetic keeps it exact, and cuts towards the past.</summary>
    private static bool TryReadTime(JsonElement claims, ReadOnlySpan<byte> claim, out DateTimeOffset? time)
    {
        time = null;
        if (!claims.TryGetProperty(claim, out JsonElement value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out decimal seconds) || seconds is < 0 or > LastSecond)
        {
            return false;
        }

        time = DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }
}
