using System.Buffers;
using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

/// <summary>Checks JSON Web Tokens (RFC 7519) in JWS compact serialisation (RFC 7515 §7.1), as RFC 8725 advises.</summary>
/// <remarks>Immutable, and may be used by many threads at once; other keys mean another validator. It fetches nothing and never
/// throws for what a token holds. The order is fixed: size, parts, header, signature, and only then the claims.</remarks>
public sealed class TokenValidator
{
    private readonly TokenKeySet _keys;
    private readonly TokenClaimsReader _claims;
    private readonly TimeProvider _time;

    /// <summary>Makes a validator.</summary>
    /// <param name="keys">1 to 64 keys, ids distinct. A token with <c>kid</c> is checked with the key of that id alone; one without, with
    /// every key of its algorithm, and refused where there are more than four of them.</param>
    /// <param name="issuer">What <c>iss</c> must be; null: anything, or nothing.</param>
    /// <param name="audience">What <c>aud</c> must be or contain; null: only tokens without <c>aud</c> are accepted (RFC 7519 §4.1.3).</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="ArgumentException">No keys, too many, or two of one id.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A time of the options is negative, or <see cref="TokenValidatorOptions.MaxLifetime"/> is 0.</exception>
    public TokenValidator(IEnumerable<TokenKey> keys, string? issuer, string? audience, TimeProvider time, TokenValidatorOptions? options = null)
        : this(new TokenKeySet(keys ?? throw new ArgumentNullException(nameof(keys))), new ClaimMapping { Issuer = issuer, AudienceName = audience }, time, options ?? new TokenValidatorOptions())
    {
    }

    internal TokenValidator(TokenKeySet keys, ClaimMapping mapping, TimeProvider time, TokenValidatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ClockSkew, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.MaxLifetime ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(options));
        _keys = keys;
        _claims = new TokenClaimsReader(mapping, options);
        _time = time;
    }

    /// <summary>Checks the token of a connection; one that grants a subscription alone (claim <c>channel</c>) is refused. The characters are not kept.</summary>
    public TokenResult Validate(ReadOnlySpan<char> token)
    {
        TokenResult result = Check(token);
        return result.Identity?.Channel is null ? result : new TokenResult(TokenFailure.Purpose);
    }

    /// <summary>Checks the token of one subscription; one without the claim <c>channel</c> is refused. The characters are not kept.</summary>
    public TokenResult ValidateSubscription(ReadOnlySpan<char> token)
    {
        TokenResult result = Check(token);
        return result.IsValid && result.Identity.Channel is null ? new TokenResult(TokenFailure.Purpose) : result;
    }

    /// <summary>Checks a token of either kind.</summary>
    internal TokenResult Check(ReadOnlySpan<char> token)
    {
        if (token.Length > TokenLimits.TokenLength)
        {
            return new TokenResult(TokenFailure.TooLong);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * token.Length);
        try
        {
            TokenFailure failure = TokenSignature.Check(token, _keys, buffer, out ReadOnlyMemory<byte> payload);
            return failure == TokenFailure.None ? _claims.Read(payload, _time.GetUtcNow()) : new TokenResult(failure);
        }
        finally
        {
            // The pool's next user has no business with a token.
            CryptographicOperations.ZeroMemory(buffer.AsSpan(0, 2 * token.Length));
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
