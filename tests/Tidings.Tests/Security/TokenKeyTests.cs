using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>Keys that are too weak, or not what they are said to be, are refused when the server starts.</summary>
public sealed class TokenKeyTests
{
    [Theory]
    [InlineData(TokenAlgorithm.HS256, 32)]
    [InlineData(TokenAlgorithm.HS384, 48)]
    [InlineData(TokenAlgorithm.HS512, 64)]
    public void Secret_is_at_least_as_long_as_its_hash(TokenAlgorithm algorithm, int bytes)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(algorithm, new string('s', bytes - 1)));
        Assert.Contains($"{bytes - 1} bytes", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sss", refused.Message, StringComparison.Ordinal);

        Assert.True(TokenKey.FromSecret(algorithm, new string('s', bytes)).CanSign);
        Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(algorithm, ReadOnlySpan<byte>.Empty));
        Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(algorithm, ""));
    }

    [Fact]
    public void Key_of_another_kind_is_no_secret()
    {
        string pem = TokenForge.Rsa.ExportSubjectPublicKeyInfoPem();
        string[] texts = [pem, "\n" + pem, " \t" + pem + "\n", "\ufeff" + pem, "# key\n" + pem, pem.ReplaceLineEndings("\r\n"), pem.Replace("\n", "", StringComparison.Ordinal), TokenForge.Rsa.ExportRSAPublicKeyPem(), TokenForge.Rsa.ExportPkcs8PrivateKeyPem(),
            TokenForge.Ec.ExportSubjectPublicKeyInfoPem(), TokenForge.Ec.ExportECPrivateKeyPem(), "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 ada@example", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"1\"}"];
        foreach (string text in texts)
        {
            Assert.Contains("not a secret", Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(TokenAlgorithm.HS256, text)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(TokenAlgorithm.HS256, Encoding.UTF8.GetBytes(text)));
        }
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(2040)]
    public void Rsa_of_less_than_2048_bits_is_refused(int bits)
    {
        using var rsa = RSA.Create(bits);
        Assert.Contains($"{bits} bits", Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, rsa.ExportSubjectPublicKeyInfoPem())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rsa_with_exponent_1_is_refused()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(TokenForge.Rsa.ExportParameters(false).Modulus);
            writer.WriteInteger(1);
        }

        string pem = PemEncoding.WriteString("RSA PUBLIC KEY", writer.Encode());
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, pem));
    }

    [Theory]
    [InlineData(TokenAlgorithm.ES256, "nistP384")]
    [InlineData(TokenAlgorithm.ES256, "nistP521")]
    [InlineData(TokenAlgorithm.ES256, "secp256k1")]
    [InlineData(TokenAlgorithm.ES256, "brainpoolP256r1")]
    [InlineData(TokenAlgorithm.ES384, "nistP256")]
    [InlineData(TokenAlgorithm.ES512, "nistP256")]
    public void Wrong_curve_is_refused(TokenAlgorithm algorithm, string curve)
    {
        string pem = TokenHeaderAttacks.NewEc(ECCurve.CreateFromFriendlyName(curve));
        Assert.Contains("another curve", Assert.Throws<ArgumentException>(() => TokenKey.FromPem(algorithm, pem)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Curve_by_explicit_parameters_is_refused()
    {
        using var ec = ECDsa.Create(TokenForge.Ec.ExportExplicitParameters(false));
        string pem = ec.ExportSubjectPublicKeyInfoPem();
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.ES256, pem));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a pem")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void Pem_without_a_key_is_refused(string pem)
    {
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, pem));
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.ES256, pem));
    }

    [Fact]
    public void Pem_of_another_kind_encrypted_or_of_two_keys_is_refused()
    {
        string rsa = TokenForge.Rsa.ExportSubjectPublicKeyInfoPem(), ec = TokenForge.Ec.ExportSubjectPublicKeyInfoPem();
        string encrypted = TokenForge.Rsa.ExportEncryptedPkcs8PrivateKeyPem("password", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));

        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.ES256, rsa));
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, ec));
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, encrypted));
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.RS256, rsa + "\n" + rsa));
        Assert.Throws<ArgumentException>(() => TokenKey.FromPem(TokenAlgorithm.HS256, rsa));
        Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(TokenAlgorithm.RS256, new string('s', 64)));
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenKey.FromSecret((TokenAlgorithm)99, new string('s', 64)));
    }

    [Fact]
    public void Public_key_checks_and_cannot_sign()
    {
        TokenKey rsa = TokenKey.FromPem(TokenAlgorithm.RS256, TokenForge.Rsa.ExportSubjectPublicKeyInfoPem(), "rs");
        TokenKey ec = TokenKey.FromPem(TokenAlgorithm.ES256, TokenForge.Ec.ExportSubjectPublicKeyInfoPem(), "es");

        Assert.False(rsa.CanSign || ec.CanSign);
        Assert.Throws<ArgumentException>(() => new TokenWriter(rsa));
        Assert.True(TokenForge.Validator(rsa).Validate(TokenForge.Sign(TokenForge.RsHeader, TokenForge.Payload, TokenForge.Rs256)).IsValid);
        Assert.True(TokenForge.Validator(ec).Validate(TokenForge.Sign(TokenForge.EsHeader, TokenForge.Payload, TokenForge.Es256)).IsValid);
    }

    [Fact]
    public void Text_of_a_key_does_not_hold_the_secret()
    {
        Assert.Equal("HS256 hs", TokenForge.Hs256.ToString());
        Assert.Equal("HS256", TokenKey.FromSecret(TokenAlgorithm.HS256, TokenForge.Secret).ToString());
        Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(TokenAlgorithm.HS256, TokenForge.Secret, "a\nb"));
        Assert.Throws<ArgumentException>(() => TokenKey.FromSecret(TokenAlgorithm.HS256, TokenForge.Secret, ""));
    }

    [Fact]
    public void Validator_needs_keys_of_distinct_ids()
    {
        Assert.Throws<ArgumentException>(() => TokenForge.Validator());
        Assert.Throws<ArgumentException>(() => TokenForge.Validator(TokenForge.Hs256, TokenForge.Hs256));
        Assert.Throws<ArgumentException>(() => TokenForge.Validator([.. Enumerable.Repeat(TokenKey.FromSecret(TokenAlgorithm.HS256, TokenForge.Secret), 65)]));
    }

    // B41. The one place where bytes derived from a secret meet bytes from a peer.
    [Fact]
    public void B41_sources_compare_only_in_constant_time()
    {
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "sources"), "*.cs");
        string all = string.Concat(files.Select(File.ReadAllText));

        Assert.NotEmpty(files);
        Assert.Contains("CryptographicOperations.FixedTimeEquals(expected, signature)", all, StringComparison.Ordinal);
        Assert.DoesNotContain("SequenceEqual", all, StringComparison.Ordinal);
        Assert.DoesNotContain("SequenceCompareTo", all, StringComparison.Ordinal);
    }
}
