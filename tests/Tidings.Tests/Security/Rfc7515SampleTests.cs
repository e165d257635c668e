using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>The samples of RFC 7515, appendix A. Their payloads have no <c>sub</c>, so the validator is content with the signature and refuses the subject.</summary>
public sealed class Rfc7515SampleTests
{
    private const string Claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    private const string A1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string A2 = "eyJhbGciOiJSUzI1NiJ9." + Claims + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
        + "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    private const string A3 = "eyJhbGciOiJFUzI1NiJ9." + Claims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    private const string A4 = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    private const string A5 = "eyJhbGciOiJub25lIn0." + Claims + ".";

    private static readonly TokenKey s_a1 = TokenKey.FromSecret(TokenAlgorithm.HS256, Base64Url.DecodeFromChars("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));

    private static readonly TokenKey s_a2 = Rsa("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ");

    private static readonly TokenKey s_a3 = Ec(TokenAlgorithm.ES256, ECCurve.NamedCurves.nistP256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");

    private static readonly TokenKey s_a4 = Ec(TokenAlgorithm.ES512, ECCurve.NamedCurves.nistP521, "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk", "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2");

    private static readonly TokenKeySet s_keys = new([s_a1, s_a2, s_a3, s_a4]);

    [Theory]
    [InlineData(A1)]
    [InlineData(A2)]
    [InlineData(A3)]
    public void Sample_of_a_token_verifies(string token)
    {
        TokenFailure failure = TokenSignature.Check(token, s_keys, new byte[2 * token.Length], out ReadOnlyMemory<byte> payload);

        Assert.Equal(TokenFailure.None, failure);
        Assert.Equal("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", Encoding.UTF8.GetString(payload.Span));

        var clock = new TokenClock { Now = DateTimeOffset.FromUnixTimeSeconds(1300819379) };
        var validator = new TokenValidator([s_a1, s_a2, s_a3, s_a4], "joe", null, clock);
        Assert.Equal(TokenFailure.Subject, validator.Validate(token).Failure);
        clock.Now = clock.Now.AddSeconds(1);
        Assert.Equal(TokenFailure.Expired, validator.Validate(token).Failure);
    }

    [Fact]
    public void Sample_with_a_payload_that_is_no_token_verifies()
    {
        Assert.Equal(TokenFailure.None, TokenSignature.Check(A4, s_keys, new byte[2 * A4.Length], out ReadOnlyMemory<byte> payload));
        Assert.Equal("Payload"u8, payload.Span);
        Assert.Equal(TokenFailure.Claims, new TokenValidator([s_a4], null, null, new TokenClock()).Validate(A4).Failure);
    }

    [Fact]
    public void Unsecured_sample_is_refused() =>
        Assert.Equal(TokenFailure.Algorithm, new TokenValidator([s_a1, s_a2], null, null, new TokenClock()).Validate(A5).Failure);

    private static TokenKey Rsa(string modulus)
    {
        using var rsa = RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(modulus), Exponent = [1, 0, 1] });
        return TokenKey.FromPem(TokenAlgorithm.RS256, rsa.ExportSubjectPublicKeyInfoPem());
    }

    private static TokenKey Ec(TokenAlgorithm algorithm, ECCurve curve, string x, string y)
    {
        using var ec = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) } });
        return TokenKey.FromPem(algorithm, ec.ExportSubjectPublicKeyInfoPem());
    }
}
