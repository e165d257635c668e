using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

internal sealed class RsaTokenKey : TokenKey
{
    private readonly TokenKeyPool<RSA> _pool;

    /// <exception cref="ArgumentException">The key is too small, too large, or anyone could sign with it.</exception>
    internal RsaTokenKey(TokenAlgorithm algorithm, RSAParameters parameters, string? id)
        : base(algorithm, id)
    {
        // With exponent 1 the signature is the padded hash itself: anyone can write it.
        if (parameters.Exponent is not { Length: > 0 } exponent || (exponent.Length == 1 && exponent[0] < 3))
        {
            throw new ArgumentException("The RSA key's public exponent is less than 3.", nameof(parameters));
        }

        if (parameters.Modulus is not { Length: > 0 and <= 1025 })
        {
            throw new ArgumentException($"The RSA key's modulus is missing or too long; {algorithm} takes 2048 to 8192 bits.", nameof(parameters));
        }

        using RSA rsa = RSA.Create(parameters);

        // RFC 7518 §3.3: 2048 bits or more. The upper bound keeps one check under a millisecond.
        if (rsa.KeySize is < 2048 or > 8192)
        {
            throw new ArgumentException($"The RSA key has {rsa.KeySize} bits; {algorithm} takes 2048 to 8192.", nameof(parameters));
        }

        CanSign = parameters.D is not null;
        SignatureLength = (rsa.KeySize + 7) / 8;
        _pool = new TokenKeyPool<RSA>(() => RSA.Create(parameters));
    }

    public override bool CanSign { get; }

    internal override int SignatureLength { get; }

    internal static RsaTokenKey Read(TokenAlgorithm algorithm, ReadOnlySpan<char> pem, string? id)
    {
        using RSA rsa = RSA.Create();
        PemKey.Import(rsa, pem, "an RSA");
        return new RsaTokenKey(algorithm, PemKey.Export(rsa.ExportParameters), id);
    }

    internal override bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        RSA rsa = _pool.Rent();
        bool verified = rsa.VerifyData(input, signature, Algorithm.Hash(), Algorithm.Padding());
        _pool.Return(rsa);
        return verified;
    }

    internal override void Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        RSA rsa = _pool.Rent();
        rsa.SignData(input, signature, Algorithm.Hash(), Algorithm.Padding());
        _pool.Return(rsa);
    }
}
