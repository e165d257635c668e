using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>Attacks by the token's outer form and by its signature's bytes.</summary>
internal static class TokenShapeAttacks
{
    internal static IEnumerable<TokenAttack> All() => [.. Parts(), .. Characters(), .. HmacSignatures(), .. RsaSignatures(), .. EllipticCurveSignatures()];

    private static IEnumerable<TokenAttack> Parts()
    {
        string good = Sign(HsHeader, Payload);
        string[] p = good.Split('.');
        (string Id, string Token)[] shapes =
        [
            ("empty", ""), ("dot", "."), ("two-dots", ".."), ("four-dots", "...."), ("one-part", p[0]), ("two-parts", $"{p[0]}.{p[1]}"), ("four-parts", good + ".AAAA"), ("trailing-dot", good + "."), ("leading-dot", "." + good), ("double-dot", $"{p[0]}..{p[1]}.{p[2]}"),
            ("no-header", $".{p[1]}.{p[2]}"), ("no-payload", $"{p[0]}..{p[2]}"), ("signature-first", $"{p[2]}.{p[0]}.{p[1]}x"), ("detached", $"{p[0]}..{p[2]}"),
            ("jwe", $"{Encode("{\"alg\":\"dir\",\"enc\":\"A256GCM\"}")}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"), ("jwe-p2c-bomb", $"{Encode("{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2c\":2147483647,\"p2s\":\"AAAA\"}")}.AAAA.AAAA.AAAA.AAAA"),
            ("jwe-zip-bomb", $"{Encode("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}")}.AAAA.AAAA.{new string('A', 4000)}.AAAA"), ("five-parts", $"{good}.{p[1]}.{p[2]}"),
            ("json-flattened", $$"""{"protected":"{{p[0]}}","payload":"{{p[1]}}","signature":"{{p[2]}}"}"""), ("json-general", $$"""{"payload":"{{p[1]}}","signatures":[{"protected":"{{p[0]}}","signature":"{{p[2]}}"}]}"""),
            ("two-tokens", $"{good},{good}"), ("bearer", "Bearer " + good), ("quoted", $"\"{good}\""), ("percent", good.Replace(".", "%2E", StringComparison.Ordinal)), ("colon", good.Replace('.', ':')),
        ];

        foreach ((string id, string token) in shapes)
        {
            yield return new($"shape:{id}", token.Length > 8192 ? TokenFailure.TooLong : id == "signature-first" ? TokenFailure.Header : TokenFailure.Malformed, token);
        }

        yield return new("long:1MB-letters", TokenFailure.TooLong, new string('A', 1 << 20));
        yield return new("long:1MB-dots", TokenFailure.TooLong, new string('.', 1 << 20));
        yield return new("long:1MB-signed", TokenFailure.TooLong, Sign(HsHeader, $"{{\"sub\":\"ada\",\"x\":\"{new string('a', 1 << 20)}\"}}"));
        yield return new("long:8193", TokenFailure.TooLong, good + new string('A', 8193 - good.Length));
        yield return new("long:8192-letters", TokenFailure.Malformed, new string('A', 8192));
        yield return new("long:8192-dots", TokenFailure.Malformed, new string('.', 8192));
        yield return new("swap:header", TokenFailure.Signature, $"{Encode("""{"alg":"HS256"}""")}.{p[1]}.{p[2]}");
        yield return new("swap:payload", TokenFailure.Signature, $"{p[0]}.{Encode("""{"sub":"root"}""")}.{p[2]}");
        yield return new("swap:signature", TokenFailure.Signature, $"{p[0]}.{p[1]}.{Sign(HsHeader, """{"sub":"bob"}""").Split('.')[2]}");
        yield return new("swap:moved-dot", TokenFailure.Malformed, $"{p[0]}{p[1]}.{p[1]}.{p[2]}");
    }

    // RFC 4648 §3: what decoders forgive gives one token many spellings.
    private static IEnumerable<TokenAttack> Characters()
    {
        string good = Sign(HsHeader, Payload);
        foreach ((string id, string insert) in ((string, string)[])[("space", " "), ("newline", "\n"), ("crlf", "\r\n"), ("tab", "\t"), ("nul", "\0"), ("nbsp", "\u00a0"), ("zero-width", "\u200b"), ("equals", "="), ("plus", "+"), ("slash", "/"), ("fullwidth-a", "Ａ"), ("cyrillic-a", "а"), ("surrogate", "\ud83d\ude00"), ("half-surrogate", "\ud800"), ("bom", "\ufeff")])
        {
            yield return new($"character:{id}:front", TokenFailure.Malformed, insert + good);
            yield return new($"character:{id}:end", TokenFailure.Malformed, good + insert);
            yield return new($"character:{id}:header", TokenFailure.Malformed, good.Insert(5, insert));
            yield return new($"character:{id}:before-dot", TokenFailure.Malformed, good.Insert(good.IndexOf('.', StringComparison.Ordinal), insert));
            yield return new($"character:{id}:payload", TokenFailure.Malformed, good.Insert(good.IndexOf('.', StringComparison.Ordinal) + 9, insert));
        }

        yield return new("padding:signed", TokenFailure.Malformed, HmacOverText(Encode(HsHeader), Encode("""{"sub":"ada"} """) + "=="));
        yield return new("padding:header-signed", TokenFailure.Malformed, HmacOverText(Encode("""{"alg":"HS256"} """) + "==", Encode("""{"sub":"ada"}""")));
        yield return new("padding:signature", TokenFailure.Malformed, good + "=");
        yield return new("bits:signature", TokenFailure.Malformed, good[..^1] + Following(good[^1]));
        string header = Encode("""{"alg":"HS256"} """), payload = Encode("""{"sub":"ada"}""");
        yield return new("bits:header-signed", TokenFailure.Malformed, HmacOverText(header[..^1] + Following(header[^1]), payload));
        yield return new("bits:payload-signed", TokenFailure.Malformed, HmacOverText(Encode(HsHeader), payload[..^1] + Following(payload[^1])));
        yield return new("bits:length-1-mod-4", TokenFailure.Malformed, HmacOverText(Encode(HsHeader), Encode("""{"sub":"a"} """) + "A"));
        yield return new("standard-alphabet:signature", TokenFailure.Malformed, WithDashes().Replace('-', '+').Replace('_', '/'));
    }

    private static IEnumerable<TokenAttack> HmacSignatures()
    {
        string good = Sign(HsHeader, Payload), input = Input(HsHeader);
        byte[] signature = SignatureOf(good), secret = Encoding.UTF8.GetBytes(Secret);
        (string Id, byte[] Signature)[] signatures =
        [
            ("zero", new byte[32]), ("ones", [.. Enumerable.Repeat((byte)255, 32)]), ("one-byte", signature[..1]), ("half", signature[..16]), ("31", signature[..31]), ("33", [.. signature, 0]), ("twice", [.. signature, .. signature]), ("reversed", [.. signature.Reverse()]),
            ("leading-zero", [0, .. signature]), ("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(signature))), ("sha512", HMACSHA512.HashData(secret, Encoding.ASCII.GetBytes(input))), ("sha384", HMACSHA384.HashData(secret, Encoding.ASCII.GetBytes(input))),
            ("no-dot", HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input.Replace(".", "", StringComparison.Ordinal)))), ("payload-only", HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(Encode(Payload)))), ("decoded-payload", HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(Payload))),
            ("plain-hash", SHA256.HashData(Encoding.ASCII.GetBytes(input))), ("hash-of-secret-and-input", SHA256.HashData([.. secret, .. Encoding.ASCII.GetBytes(input)])),
        ];

        foreach ((string id, byte[] bytes) in signatures)
        {
            yield return new($"hmac:{id}", TokenFailure.Signature, Join(input, bytes));
        }
    }

    private static IEnumerable<TokenAttack> RsaSignatures()
    {
        string good = Sign(RsHeader, Payload, Rs256);
        byte[] input = Encoding.ASCII.GetBytes(Input(RsHeader)), signature = SignatureOf(good), modulus = Rsa.ExportParameters(false).Modulus!;
        byte[] one = new byte[256];
        one[255] = 1;
        (string Id, byte[] Signature)[] signatures =
        [
            ("zero", new byte[256]), ("one", one), ("ones", [.. Enumerable.Repeat((byte)255, 256)]), ("modulus", modulus), ("255", signature[..255]), ("257", [.. signature, 0]), ("leading-zero", [0, .. signature]), ("one-byte", [1]), ("reversed", [.. signature.Reverse()]),
            ("pss", Rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)), ("sha384", Rsa.SignData(input, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)), ("sha1", Rsa.SignData(input, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1)),
            ("encrypted-hash", Rsa.Encrypt(SHA256.HashData(input), RSAEncryptionPadding.Pkcs1)),
        ];

        foreach ((string id, byte[] bytes) in signatures)
        {
            yield return new($"rsa:{id}", TokenFailure.Signature, WithSignature(good, bytes));
        }
    }

    private static IEnumerable<TokenAttack> EllipticCurveSignatures()
    {
        string good = Sign(EsHeader, Payload, Es256);
        byte[] input = Encoding.ASCII.GetBytes(Input(EsHeader)), signature = SignatureOf(good), r = signature[..32], s = signature[32..];
        byte[] zero = new byte[32], one = [.. new byte[31], 1], max = [.. Enumerable.Repeat((byte)255, 32)];
        byte[] order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), prime = Convert.FromHexString("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");

        // CVE-2022-21449: zero, or zero modulo the order, in either place.
        (string Id, byte[] Value)[] edges = [("0", zero), ("1", one), ("n", order), ("p", prime), ("max", max)];
        foreach ((string rId, byte[] rValue) in edges)
        {
            foreach ((string sId, byte[] sValue) in edges)
            {
                yield return new($"ec:r={rId},s={sId}", TokenFailure.Signature, WithSignature(good, [.. rValue, .. sValue]));
            }

            yield return new($"ec:r={rId}", TokenFailure.Signature, WithSignature(good, [.. rValue, .. s]));
            yield return new($"ec:s={rId}", TokenFailure.Signature, WithSignature(good, [.. r, .. rValue]));
        }

        (string Id, byte[] Signature)[] signatures =
        [
            ("der", Ec.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)), ("swapped", [.. s, .. r]), ("63", signature[..63]), ("65", [.. signature, 0]), ("leading-zero", [0, .. signature]), ("r-only", r), ("padded-halves", [0, .. r, 0, .. s]),
            ("sha384", Ec.SignData(input, HashAlgorithmName.SHA384)), ("empty-der", [0x30, 0]), ("zero-der", [0x30, 6, 2, 1, 0, 2, 1, 0]),
        ];
        foreach ((string id, byte[] bytes) in signatures)
        {
            yield return new($"ec:{id}", TokenFailure.Signature, WithSignature(good, bytes));
        }

        (string Id, ECCurve Curve)[] curves = [("p384", ECCurve.NamedCurves.nistP384), ("p521", ECCurve.NamedCurves.nistP521), ("secp256k1", ECCurve.CreateFromFriendlyName("secp256k1")), ("brainpool", ECCurve.NamedCurves.brainpoolP256r1)];
        foreach ((string id, ECCurve curve) in curves)
        {
            using var ec = ECDsa.Create(curve);
            yield return new($"ec:curve-{id}", TokenFailure.Signature, WithSignature(good, ec.SignData(input, HashAlgorithmName.SHA256)));
        }
    }

    /// <summary>The letter that decodes alike where the last bits are thrown away.</summary>
    private static char Following(char c)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return alphabet[alphabet.IndexOf(c, StringComparison.Ordinal) + 1];
    }

    private static string WithDashes()
    {
        for (int i = 0; ; i++)
        {
            string token = Sign(HsHeader, $"{{\"sub\":\"{i}\"}}");
            string signature = token[token.LastIndexOf('.')..];
            if (signature.Contains('-', StringComparison.Ordinal) && signature.Contains('_', StringComparison.Ordinal))
            {
                return token;
            }
        }
    }
}
