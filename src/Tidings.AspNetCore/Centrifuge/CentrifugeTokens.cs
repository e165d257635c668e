using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tidings.Protocol;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Tokens that a back end signs with the protocol's shared secret, for a connection or for one subscription. Safe from any thread.</summary>
internal sealed class CentrifugeTokens
{
    // HMAC fills keys up to a block with zeros by itself: a short secret is the same key with them.
    private const int Block = 64;
    private const int MostChannels = 128;

    private static readonly JsonDocumentOptions Bounds = new() { MaxDepth = TokenLimits.PayloadDepth, AllowDuplicateProperties = false };

    private readonly TokenKeySet _keys;
    private readonly TimeProvider _time;

    public CentrifugeTokens(string secret, TimeProvider time)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        var key = new byte[Math.Max(Block, bytes.Length)];
        bytes.CopyTo(key, 0);
        _keys = new TokenKeySet([TokenKey.FromSecret(TokenAlgorithm.HS256, key), TokenKey.FromSecret(TokenAlgorithm.HS384, key), TokenKey.FromSecret(TokenAlgorithm.HS512, key)]);
        _time = time;
    }

    /// <summary>Reads a token whose signature is by the secret.</summary>
    /// <returns>What it says; null where another key has signed it, or none.</returns>
    public CentrifugeClaims? Read(string token)
    {
        if (token.Length is 0 or > TokenLimits.TokenLength)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(2 * token.Length);
        try
        {
            return TokenSignature.Check(token, _keys, buffer, out var payload) == TokenFailure.None ? Read(payload) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer.AsSpan(0, 2 * token.Length));
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private CentrifugeClaims Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Bounds);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return new CentrifugeClaims(TokenReason.Of(TokenFailure.Claims));
        }
    }

    private CentrifugeClaims Read(JsonElement claims)
    {
        var wrong = new CentrifugeClaims(TokenReason.Of(TokenFailure.Claims));
        if (claims.ValueKind != JsonValueKind.Object
            || !TryText(claims, "sub", out var user) || !TryText(claims, "channel", out var channel) || !TryText(claims, "jti", out var id)
            || !TryTime(claims, "exp", out var validUntil) || !TryTime(claims, "expire_at", out var endsAt) || !TryTime(claims, "nbf", out var notBefore) || !TryTime(claims, "iat", out var issuedAt)
            || !TryInfo(claims, out var info) || !TryChannels(claims, out var channels))
        {
            return wrong;
        }

        if (user is not null && !UserId.IsValid(user))
        {
            return new CentrifugeClaims(TokenReason.Subject);
        }

        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (validUntil <= now || endsAt is { } end && end > 0 && end <= now)
        {
            return new CentrifugeClaims(TokenReason.Expired);
        }

        return notBefore - now > TokenLimits.DefaultClockSkew.TotalMilliseconds || issuedAt - now > TokenLimits.DefaultClockSkew.TotalMilliseconds
            ? new CentrifugeClaims(TokenReason.Of(TokenFailure.NotYetValid))
            : new CentrifugeClaims(null)
            {
                User = user,
                Channel = channel,
                TokenId = id,
                EndsAt = endsAt is { } given ? given == 0 ? long.MaxValue : given : validUntil ?? long.MaxValue,
                IssuedAt = issuedAt ?? 0,
                Info = info,
                Channels = channels,
            };
    }

    private static bool TryText(JsonElement claims, string name, out string? text)
    {
        text = null;
        if (claims.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                return false;
            }

            text = value.GetString() is { Length: > 0 } given ? given : null;
        }

        return true;
    }

    private static bool TryTime(JsonElement claims, string name, out long? milliseconds)
    {
        milliseconds = null;
        if (!claims.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        const decimal LastSecond = 253_402_300_799m;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var seconds) || seconds is < 0 or > LastSecond)
        {
            return false;
        }

        milliseconds = (long)(seconds * 1000);
        return true;
    }

    private static bool TryInfo(JsonElement claims, out byte[]? info)
    {
        info = null;
        if (claims.TryGetProperty("b64info", out var encoded) && encoded.ValueKind == JsonValueKind.String && encoded.GetString() is { Length: > 0 } text)
        {
            info = Convert.FromBase64String(text);
            if (!Messages.JsonPayload.IsOneLine(info))
            {
                return false;
            }
        }
        else if (claims.TryGetProperty("info", out var given) && given.ValueKind != JsonValueKind.Null)
        {
            info = Protocol.Commands.CommandReader.WithoutLineBreaks(Encoding.UTF8.GetBytes(given.GetRawText()));
        }

        return info is null or { Length: <= TokenLimits.InfoBytes };
    }

    // Server-side subscriptions: a list, or an object whose names are channels.
    private static bool TryChannels(JsonElement claims, out IReadOnlyList<string> channels)
    {
        var found = new List<string>();
        channels = found;
        if (claims.TryGetProperty("channels", out var list) && list.ValueKind != JsonValueKind.Null)
        {
            if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(static item => item.ValueKind != JsonValueKind.String))
            {
                return false;
            }

            found.AddRange(list.EnumerateArray().Select(static item => item.GetString()!));
        }

        if (claims.TryGetProperty("subs", out var subs) && subs.ValueKind != JsonValueKind.Null)
        {
            if (subs.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            found.AddRange(subs.EnumerateObject().Select(static item => item.Name));
        }

        channels = [.. found.Distinct()];
        return channels.Count <= MostChannels && channels.All(static channel => ChannelName.IsValid(channel));
    }
}

/// <summary>What a token of the protocol says.</summary>
/// <param name="Why">Why it is not accepted, or null.</param>
internal sealed record CentrifugeClaims(string? Why)
{
    /// <summary>The user; null for somebody anonymous.</summary>
    public string? User { get; init; }

    /// <summary>The one channel whose subscription it grants; null for the token of a connection.</summary>
    public string? Channel { get; init; }

    public string? TokenId { get; init; }

    /// <summary>When what it grants ends, in Unix milliseconds; <see cref="long.MaxValue"/> for never.</summary>
    public long EndsAt { get; init; }

    /// <summary>In Unix milliseconds; 0 where it does not say.</summary>
    public long IssuedAt { get; init; }

    /// <summary>JSON about the user, or null.</summary>
    public byte[]? Info { get; init; }

    /// <summary>The channels that the server is to subscribe.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [];

    /// <summary>The identity that it is, with what is granted.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="grants">What is granted; null where the kinds of channels decide.</param>
    /// <param name="seenAt">Now, by the broker's clock.</param>
    public Identity Identify(string user, ChannelGrants? grants, long seenAt) =>
        new() { User = user, TokenId = TokenId, ExpiresAt = EndsAt, IssuedAt = IssuedAt, SeenAt = IssuedAt == 0 ? seenAt : 0, Info = Info, Grants = grants };
}
