using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

/// <summary>The signature algorithms of RFC 7518 §3.1 that are spoken here. There is no <c>none</c>.</summary>
public enum TokenAlgorithm
{
    /// <summary>HMAC with SHA-256 (§3.2).</summary>
    HS256,

    /// <summary>HMAC with SHA-384 (§3.2).</summary>
    HS384,

    /// <summary>HMAC with SHA-512 (§3.2).</summary>
    HS512,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256 (§3.3).</summary>
    RS256,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-384 (§3.3).</summary>
    RS384,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-512 (§3.3).</summary>
    RS512,

    /// <summary>ECDSA on P-256 with SHA-256 (§3.4).</summary>
    ES256,

    /// <summary>ECDSA on P-384 with SHA-384 (§3.4).</summary>
    ES384,

    /// <summary>ECDSA on P-521 with SHA-512 (§3.4).</summary>
    ES512,

    /// <summary>RSASSA-PSS with SHA-256 (§3.5).</summary>
    PS256,

    /// <summary>RSASSA-PSS with SHA-384 (§3.5).</summary>
    PS384,

    /// <summary>RSASSA-PSS with SHA-512 (§3.5).</summary>
    PS512,
}

internal enum TokenKeyKind
{
    Secret,
    Rsa,
    EllipticCurve,
}

internal static class TokenAlgorithmExtensions
{
    internal static TokenKeyKind Kind(this TokenAlgorithm algorithm) => algorithm switch
    {
        TokenAlgorithm.HS256 or TokenAlgorithm.HS384 or TokenAlgorithm.HS512 => TokenKeyKind.Secret,
        TokenAlgorithm.RS256 or TokenAlgorithm.RS384 or TokenAlgorithm.RS512
            or TokenAlgorithm.PS256 or TokenAlgorithm.PS384 or TokenAlgorithm.PS512 => TokenKeyKind.Rsa,
        TokenAlgorithm.ES256 or TokenAlgorithm.ES384 or TokenAlgorithm.ES512 => TokenKeyKind.EllipticCurve,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No such token algorithm."),
    };

    internal static HashAlgorithmName Hash(this TokenAlgorithm algorithm) => algorithm switch
    {
        TokenAlgorithm.HS256 or TokenAlgorithm.RS256 or TokenAlgorithm.ES256 or TokenAlgorithm.PS256 => HashAlgorithmName.SHA256,
        TokenAlgorithm.HS384 or TokenAlgorithm.RS384 or TokenAlgorithm.ES384 or TokenAlgorithm.PS384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    internal static RSASignaturePadding Padding(this TokenAlgorithm algorithm) =>
        algorithm is TokenAlgorithm.PS256 or TokenAlgorithm.PS384 or TokenAlgorithm.PS512 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
}
