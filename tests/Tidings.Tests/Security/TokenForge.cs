using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>Keys of every kind, and tokens put together by hand, so that each attack differs from a good token in one thing.</summary>
internal static class TokenForge
{
    internal const string Secret = "a secret of the tests, 32 bytes or more";
    internal const string HsHeader = """{"alg":"HS256","typ":"JWT","kid":"hs"}""";
    internal const string RsHeader = """{"alg":"RS256","typ":"JWT","kid":"rs"}""";
    internal const string EsHeader = """{"alg":"ES256","typ":"JWT","kid":"es"}""";
    internal const string Payload = """{"sub":"ada","exp":1800003600,"iat":1800000000,"jti":"t-1","channels":{"chat:*":["subscribe","publish"]}}""";

    /// <summary>Samples and attacks are about other claims than <c>exp</c>.</summary>
    internal static readonly TokenValidatorOptions Endless = new() { RequireExpiration = false };

    internal static readonly RSA Rsa = RSA.Create(2048);
    internal static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    internal static readonly TokenKey Hs256 = TokenKey.FromSecret(TokenAlgorithm.HS256, Secret, "hs");
    internal static readonly TokenKey Rs256 = TokenKey.FromPem(TokenAlgorithm.RS256, Rsa.ExportPkcs8PrivateKeyPem(), "rs");
    internal static readonly TokenKey Es256 = TokenKey.FromPem(TokenAlgorithm.ES256, Ec.ExportPkcs8PrivateKeyPem(), "es");

    internal static TokenValidator Validator(params TokenKey[] keys) => new(keys, null, null, new TokenClock(), Endless);

    internal static string Sign(string header, string payload, TokenKey? key = null) =>
        TokenWriter.Sign(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload), key ?? Hs256);

    internal static string Sign(byte[] header, byte[] payload) => TokenWriter.Sign(header, payload, Hs256);

    internal static string Input(string header, string payload = Payload) => $"{Encode(header)}.{Encode(payload)}";

    internal static string Join(string input, byte[] signature) => $"{input}.{Base64Url.EncodeToString(signature)}";

    /// <summary>An HMAC with any key at all, which <see cref="TokenKey"/> would not make.</summary>
    internal static string Hmac(string header, byte[] secret, string payload = Payload)
    {
        string input = Input(header, payload);
        return Join(input, HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)));
    }

    internal static string HmacOverText(string header, string payload)
    {
        string input = $"{header}.{payload}";
        return Join(input, HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(input)));
    }

    internal static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    internal static byte[] SignatureOf(string token) => Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1));

    internal static string WithSignature(string token, byte[] signature) => Join(token[..token.LastIndexOf('.')], signature);
}
