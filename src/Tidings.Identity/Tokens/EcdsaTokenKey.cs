using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

internal sealed class EcdsaTokenKey : TokenKey
{
    // RFC 7518 §3.4: R and S side by side, each as long as the curve's order, never DER.
    private const DSASignatureFormat Format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation;

    private readonly TokenKeyPool<ECDsa> _pool;

    /// <exception cref="ArgumentException">The key is on another curve than the algorithm's, or its point on none.</exception>
    internal EcdsaTokenKey(TokenAlgorithm algorithm, ECParameters parameters, string? id)
        : base(algorithm, id)
    {
        CanSign = parameters.D is not null;
        (string oid, string curve, SignatureLength) = algorithm switch
        {
            TokenAlgorithm.ES256 => ("1.2.840.10045.3.1.7", "P-256", 64),
            TokenAlgorithm.ES384 => ("1.3.132.0.34", "P-384", 96),
            _ => ("1.3.132.0.35", "P-521", 132),
        };

        // Named curves alone: explicit parameters may describe anything (CVE-2020-0601). secp256k1 has 256 bits too.
        if (!parameters.Curve.IsNamed || parameters.Curve.Oid.Value != oid)
        {
            throw new ArgumentException($"The key is on another curve; {algorithm} takes {curve} by name (RFC 7518 §3.4).", nameof(parameters));
        }

        // A point that is not on the curve is refused here, and not with the first token.
        using (ECDsa.Create(parameters))
        {
        }

        _pool = new TokenKeyPool<ECDsa>(() => ECDsa.Create(parameters));
    }

    public override bool CanSign { get; }

    internal override int SignatureLength { get; }

    internal static EcdsaTokenKey Read(TokenAlgorithm algorithm, ReadOnlySpan<char> pem, string? id)
    {
        using var ecdsa = ECDsa.Create();
        PemKey.Import(ecdsa, pem, "an elliptic-curve");
        return new EcdsaTokenKey(algorithm, PemKey.Export(ecdsa.ExportParameters), id);
    }

    internal override bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        // The platforms check it; Java's did not (CVE-2022-21449), and twice 32 bytes cost nothing to look at.
        int half = SignatureLength / 2;
        if (!signature[..half].ContainsAnyExcept((byte)0) || !signature[half..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        ECDsa ecdsa = _pool.Rent();
        bool verified = ecdsa.VerifyData(input, signature, Algorithm.Hash(), Format);
        _pool.Return(ecdsa);
        return verified;
    }

    internal override void Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        ECDsa ecdsa = _pool.Rent();
        ecdsa.SignData(input, signature, Algorithm.Hash(), Format);
        _pool.Return(ecdsa);
    }
}
