using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

internal sealed class HmacTokenKey : TokenKey
{
    private readonly byte[] _secret;

    internal HmacTokenKey(TokenAlgorithm algorithm, byte[] secret, string? id)
        : base(algorithm, id)
    {
        if (algorithm.Kind() != TokenKeyKind.Secret)
        {
            throw new ArgumentException($"{algorithm} needs a PEM, not a shared secret.", nameof(algorithm));
        }

        if (LooksLikeAnotherKey(secret))
        {
            // CVE-2016-10555: who gives a public key as the secret lets everyone sign.
            throw new ArgumentException("The secret is a PEM, OpenSSH or JWK key, not a secret; for a PEM choose an RS or ES algorithm.", nameof(secret));
        }

        SignatureLength = algorithm switch
        {
            TokenAlgorithm.HS256 => HMACSHA256.HashSizeInBytes,
            TokenAlgorithm.HS384 => HMACSHA384.HashSizeInBytes,
            _ => HMACSHA512.HashSizeInBytes,
        };

        // RFC 7518 §3.2: "a key of the same size as the hash output or larger MUST be used".
        if (secret.Length < SignatureLength)
        {
            throw new ArgumentException($"The secret has {secret.Length} bytes; {algorithm} needs at least {SignatureLength}.", nameof(secret));
        }

        _secret = secret;
    }

    public override bool CanSign => true;

    internal override int SignatureLength { get; }

    internal override bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[SignatureLength];
        Sign(input, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    internal override void Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        _ = Algorithm switch
        {
            TokenAlgorithm.HS256 => HMACSHA256.HashData(_secret, input, signature),
            TokenAlgorithm.HS384 => HMACSHA384.HashData(_secret, input, signature),
            _ => HMACSHA512.HashData(_secret, input, signature),
        };
    }

    // Anywhere in the text: white space, a byte order mark or a comment in front once defeated such a check (fast-jwt, CVE-2023-48223).
    private static bool LooksLikeAnotherKey(ReadOnlySpan<byte> secret) =>
        secret.IndexOf("-----BEGIN"u8) >= 0
        || secret.IndexOf("ssh-rsa "u8) >= 0
        || secret.IndexOf("ecdsa-sha2-"u8) >= 0
        || secret.IndexOf("\"kty\""u8) >= 0;
}
