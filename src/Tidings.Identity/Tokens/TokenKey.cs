namespace Tidings.Security.Tokens;

/// <summary>A key that checks tokens, and makes them where it holds a secret or a private part.</summary>
/// <remarks>The algorithm belongs to the key and never to the token (RFC 8725 §3.1). A key is immutable and may be
/// used by many threads at once. What is too weak is refused here, so that it is found when the server starts.</remarks>
public abstract class TokenKey
{
    private protected TokenKey(TokenAlgorithm algorithm, string? id)
    {
        if (id is not null && !TokenText.IsName(id))
        {
            throw new ArgumentException($"A key's id has 1 to {TokenLimits.NameLength} characters and no control characters.", nameof(id));
        }

        Algorithm = algorithm;
        AlgorithmName = algorithm.ToString();
        Id = id;
    }

    /// <summary>The name by which a token's <c>kid</c> chooses this key (RFC 7515 §4.1.4); null: no <c>kid</c> chooses it.</summary>
    public string? Id { get; }

    /// <summary>The one algorithm that this key is used with.</summary>
    public TokenAlgorithm Algorithm { get; }

    /// <summary>Whether the key can make tokens: a secret always can, a PEM only with its private part.</summary>
    public abstract bool CanSign { get; }

    internal string AlgorithmName { get; }

    /// <summary>Every signature of this key has exactly this many bytes.</summary>
    internal abstract int SignatureLength { get; }

    /// <summary>Makes an HMAC key of a text's UTF-8 bytes.</summary>
    /// <inheritdoc cref="FromSecret(TokenAlgorithm, ReadOnlySpan{byte}, string?)"/>
    public static TokenKey FromSecret(TokenAlgorithm algorithm, string secret, string? id = null)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return new HmacTokenKey(algorithm, System.Text.Encoding.UTF8.GetBytes(secret), id);
    }

    /// <summary>Makes an HMAC key; the bytes are copied.</summary>
    /// <exception cref="ArgumentException">The secret is shorter than the hash (32, 48 or 64 bytes, RFC 7518 §3.2), or is
    /// itself a key of another kind (PEM, OpenSSH, JWK): those are public or meant for <see cref="FromPem"/>.</exception>
    public static TokenKey FromSecret(TokenAlgorithm algorithm, ReadOnlySpan<byte> secret, string? id = null) =>
        new HmacTokenKey(algorithm, secret.ToArray(), id);

    /// <summary>Makes an RSA or elliptic-curve key of the one public or unencrypted private key in a PEM text (RFC 7468).</summary>
    /// <exception cref="ArgumentException">The text holds no such key, or several; RSA of less than 2048 (RFC 7518 §3.3) or more
    /// than 8192 bits; a curve other than the algorithm's (RFC 7518 §3.4).</exception>
    public static TokenKey FromPem(TokenAlgorithm algorithm, ReadOnlySpan<char> pem, string? id = null) => algorithm.Kind() switch
    {
        TokenKeyKind.Rsa => RsaTokenKey.Read(algorithm, pem, id),
        TokenKeyKind.EllipticCurve => EcdsaTokenKey.Read(algorithm, pem, id),
        _ => throw new ArgumentException($"{algorithm} is a shared secret, not a PEM.", nameof(algorithm)),
    };

    /// <summary>Says which key it is and nothing of what it holds.</summary>
    public override string ToString() => Id is null ? AlgorithmName : $"{AlgorithmName} {Id}";

    /// <summary>Whether the signature, of <see cref="SignatureLength"/> bytes, is this key's for that input.</summary>
    internal abstract bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature);

    /// <summary>Writes <see cref="SignatureLength"/> bytes; only where <see cref="CanSign"/>.</summary>
    internal abstract void Sign(ReadOnlySpan<byte> input, Span<byte> signature);
}
