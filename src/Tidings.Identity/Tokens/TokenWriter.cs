using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>Makes tokens that a <see cref="TokenValidator"/> with the same key accepts. May be used by many threads at once.</summary>
public sealed class TokenWriter
{
    private readonly TokenKey _key;
    private readonly byte[] _header;

    /// <summary>Makes a writer; its tokens bear the key's algorithm and, where it has one, its id as <c>kid</c>.</summary>
    /// <exception cref="ArgumentException">The key has no private part.</exception>
    public TokenWriter(TokenKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!key.CanSign)
        {
            throw new ArgumentException("The key has no private part: it can check tokens and not make them.", nameof(key));
        }

        _key = key;
        _header = WriteJson(json =>
        {
            json.WriteString("alg"u8, key.AlgorithmName);
            json.WriteString("typ"u8, "JWT"u8);
            WriteText(json, "kid"u8, key.Id);
        });
    }

    /// <summary>Signs the claims.</summary>
    /// <exception cref="ArgumentException">A claim, or the token as a whole, would be refused by every validator.</exception>
    public string Write(TokenClaims claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        if (!TokenText.IsName(claims.Subject) || claims.TokenId is { } id && !TokenText.IsName(id) || claims.Name is { } name && !TokenText.IsName(name))
        {
            throw new ArgumentException($"Subject, token id and name have 1 to {TokenLimits.NameLength} characters and no control characters.", nameof(claims));
        }

        string token = Sign(WriteJson(json =>
        {
            WriteText(json, "iss"u8, claims.Issuer);
            json.WriteString("sub"u8, claims.Subject);
            WriteText(json, "aud"u8, claims.Audience);
            WriteTime(json, "exp"u8, claims.ExpiresAt);
            WriteTime(json, "nbf"u8, claims.NotBefore);
            WriteTime(json, "iat"u8, claims.IssuedAt);
            WriteText(json, "jti"u8, claims.TokenId);
            WriteText(json, "name"u8, claims.Name);
            WriteText(json, "channel"u8, claims.Channel);
            if (claims.Permissions is { } permissions)
            {
                json.WritePropertyName("channels"u8);
                permissions.Write(json);
            }

            if (claims.Send is { } send)
            {
                json.WriteBoolean("send"u8, send);
            }
        }));

        return token.Length <= TokenLimits.TokenLength
            ? token
            : throw new ArgumentException($"The token would have {token.Length} characters; {TokenLimits.TokenLength} are allowed.", nameof(claims));
    }

    /// <summary>Signs a payload as it is, for claims that <see cref="TokenClaims"/> does not know. It is not looked at.</summary>
    public string Sign(ReadOnlySpan<byte> payload) => Sign(_header, payload, _key);

    /// <summary>Puts the three parts together (RFC 7515 §5.1).</summary>
    internal static string Sign(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, TokenKey key)
    {
        string input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        Span<byte> signature = stackalloc byte[key.SignatureLength];
        key.Sign(Encoding.ASCII.GetBytes(input), signature);
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    private static byte[] WriteJson(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> claim, string? value)
    {
        if (value is not null)
        {
            json.WriteString(claim, value);
        }
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> claim, DateTimeOffset? value)
    {
        if (value is { } time)
        {
            json.WriteNumber(claim, time.ToUnixTimeSeconds());
        }
    }
}
