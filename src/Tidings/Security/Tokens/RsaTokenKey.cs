using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

internal sealed class RsaTokenKey : TokenKey
{
    private readonly TokenKeyPool<RSA> _pool;

    internal RsaTokenKey(TokenAlgorithm algorithm, ReadOnlySpan<char> pem, string? id)
        : base(algorithm, id)
    {
        using RSA rsa = RSA.Create();
        PemKey.Import(rsa, pem, "an RSA");

        // RFC 7518 §3.3: 2048 bits or more. The upper bound keeps one check under a millisecond.
        if (rsa.KeySize is < 2048 or > 8192)
        {
            throw new ArgumentException($"The RSA key has {rsa.KeySize} bits; {algorithm} takes 2048 to 8192.", nameof(pem));
        }

        CanSign = PemKey.TryExport(rsa.ExportParameters, out RSAParameters parameters);

        // With exponent 1 the signature is the padded hash itself: anyone can write it.
        if (parameters.Exponent is not { Length: > 0 } exponent || (exponent.Length == 1 && exponent[0] < 3))
        {
            throw new ArgumentException("The RSA key's public exponent is less than 3.", nameof(pem));
        }

        SignatureLength = (rsa.KeySize + 7) / 8;
        _pool = new TokenKeyPool<RSA>(() => RSA.Create(parameters));
    }

    public override bool CanSign { get; }

    internal override int SignatureLength { get; }

    internal override bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        RSA rsa = _pool.Rent();
        bool verified = rsa.VerifyData(input, signature, Algorithm.Hash(), RSASignaturePadding.Pkcs1);
        _pool.Return(rsa);
        return verified;
    }

    internal override void Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        RSA rsa = _pool.Rent();
        rsa.SignData(input, signature, Algorithm.Hash(), RSASignaturePadding.Pkcs1);
        _pool.Return(rsa);
    }
}
