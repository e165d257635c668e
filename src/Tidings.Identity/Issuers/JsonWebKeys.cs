using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Tidings.Security.Tokens;

namespace Tidings.Security.Issuers;

/// <summary>Reads a JSON Web Key Set (RFC 7517 §5) that anybody can read. What would make its keys unsafe to trust refuses the whole set; what is not for us is passed over.</summary>
internal static class JsonWebKeys
{
    /// <summary>Keys of a set, of whatever kind.</summary>
    public const int Most = 100;

    // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: who reads these can sign.
    private static readonly string[] Private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    /// <returns>The keys that check signatures, at least one.</returns>
    /// <exception cref="IssuerException">The set is refused.</exception>
    public static IReadOnlyList<TokenKey> Read(JsonElement document, AlgorithmList algorithms)
    {
        try
        {
            return ReadSet(document, algorithms);
        }
        catch (InvalidOperationException error)
        {
            // Half of a surrogate pair in an escape.
            throw new IssuerException("the key set holds a text that is none", error);
        }
    }

    private static List<TokenKey> ReadSet(JsonElement document, AlgorithmList algorithms)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("keys"u8, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new IssuerException("the key set is no object with an array \"keys\"");
        }

        if (list.GetArrayLength() > Most)
        {
            throw new IssuerException($"the key set has {list.GetArrayLength()} keys; at most {Most} are taken");
        }

        var keys = new List<TokenKey>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement key in list.EnumerateArray())
        {
            if (key.ValueKind != JsonValueKind.Object)
            {
                throw new IssuerException("a key of the set is no object");
            }

            RefusePrivate(key);
            if (!IsForSignatures(key) || Make(key, algorithms) is not { Count: > 0 } made)
            {
                continue;
            }

            if (made[0].Id is { } id && !ids.Add(id))
            {
                throw new IssuerException("two keys of the set have the same id (kid)");
            }

            keys.AddRange(made);
        }

        return keys.Count is > 0 and <= TokenLimits.Keys
            ? keys
            : throw new IssuerException(keys.Count == 0 ? "the key set has no key that checks signatures" : $"the key set has {keys.Count} keys for signatures; at most {TokenLimits.Keys} are taken");
    }

    private static void RefusePrivate(JsonElement key)
    {
        if (Text(key, "kty") == "oct")
        {
            throw new IssuerException("the key set holds a shared secret (oct), which everybody can read");
        }

        foreach (string member in Private)
        {
            if (key.TryGetProperty(member, out _))
            {
                throw new IssuerException($"the key set holds a private key (\"{member}\"), which everybody can read");
            }
        }
    }

    private static bool IsForSignatures(JsonElement key) =>
        (!key.TryGetProperty("use"u8, out JsonElement use) || (use.ValueKind == JsonValueKind.String && use.ValueEquals("sig"u8)))
        && (!key.TryGetProperty("key_ops"u8, out JsonElement operations)
            || (operations.ValueKind == JsonValueKind.Array && operations.EnumerateArray().Any(static one => one.ValueKind == JsonValueKind.String && one.ValueEquals("verify"u8))));

    // None where it is of a kind, size, curve or algorithm that is not taken here.
    private static List<TokenKey> Make(JsonElement key, AlgorithmList algorithms)
    {
        string? id = Text(key, "kid");
        var made = new List<TokenKey>();
        RSAParameters rsa = default;
        ECParameters curve = default;
        TokenKeyKind kind;
        switch (Text(key, "kty"))
        {
            case "RSA":
                kind = TokenKeyKind.Rsa;
                rsa = new RSAParameters { Modulus = Number(key, "n"), Exponent = Number(key, "e") };
                break;
            case "EC" when CurveOf(key) is { } named:
                kind = TokenKeyKind.EllipticCurve;
                curve = new ECParameters { Curve = named, Q = new ECPoint { X = Number(key, "x"), Y = Number(key, "y") } };
                break;
            default:
                return made;
        }

        foreach (TokenAlgorithm algorithm in AlgorithmsOf(key, kind, algorithms))
        {
            try
            {
                made.Add(kind == TokenKeyKind.Rsa ? new RsaTokenKey(algorithm, rsa, id) : new EcdsaTokenKey(algorithm, curve, id));
            }
            catch (Exception error) when (error is ArgumentException or CryptographicException)
            {
                // RFC 7517 §5: one that cannot be used is no reason to refuse the others.
            }
        }

        if (made.Count > 0 && key.TryGetProperty("x5c"u8, out JsonElement chain) && !Agrees(chain, rsa, curve))
        {
            throw new IssuerException("the certificate of a key (x5c) is for another key");
        }

        return made;
    }

    private static IEnumerable<TokenAlgorithm> AlgorithmsOf(JsonElement key, TokenKeyKind kind, AlgorithmList allowed)
    {
        IEnumerable<TokenAlgorithm> fitting = allowed.All.Where(one => one.Kind() == kind && (kind == TokenKeyKind.Rsa || one == AlgorithmOf(key)));
        if (key.TryGetProperty("alg"u8, out JsonElement named))
        {
            return fitting.Where(one => named.ValueKind == JsonValueKind.String && named.ValueEquals(one.ToString()));
        }

        return allowed.Named || kind != TokenKeyKind.Rsa ? fitting : [TokenAlgorithm.RS256];
    }

    private static ECCurve? CurveOf(JsonElement key) => Text(key, "crv") switch
    {
        "P-256" => ECCurve.CreateFromValue("1.2.840.10045.3.1.7"),
        "P-384" => ECCurve.CreateFromValue("1.3.132.0.34"),
        "P-521" => ECCurve.CreateFromValue("1.3.132.0.35"),
        _ => null,
    };

    private static TokenAlgorithm AlgorithmOf(JsonElement key) => Text(key, "crv") switch
    {
        "P-256" => TokenAlgorithm.ES256,
        "P-384" => TokenAlgorithm.ES384,
        _ => TokenAlgorithm.ES512,
    };

    // RFC 7517 §4.7: the key in the first certificate MUST be the same.
    private static bool Agrees(JsonElement chain, RSAParameters rsa, ECParameters curve)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(chain[0].GetString()!));
            if (rsa.Modulus is not null)
            {
                using RSA? key = certificate.GetRSAPublicKey();
                return key?.ExportParameters(false) is { } said && Same(said.Modulus, rsa.Modulus) && Same(said.Exponent, rsa.Exponent);
            }

            using ECDsa? point = certificate.GetECDsaPublicKey();
            return point?.ExportParameters(false) is { } shown && shown.Curve.Oid.Value == curve.Curve.Oid.Value && Same(shown.Q.X, curve.Q.X) && Same(shown.Q.Y, curve.Q.Y);
        }
        catch (Exception error) when (error is CryptographicException or FormatException or InvalidOperationException or IndexOutOfRangeException or ArgumentException)
        {
            return false;
        }
    }

    private static bool Same(byte[]? one, byte[]? other) => one.AsSpan().TrimStart((byte)0).SequenceEqual(other.AsSpan().TrimStart((byte)0));

    private static string? Text(JsonElement key, string member) =>
        key.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Number(JsonElement key, string member)
    {
        try
        {
            return Text(key, member) is { } text ? Base64Url.DecodeFromChars(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
