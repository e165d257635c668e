using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security.Issuers;

/// <summary>B60: key sets that are refused whole, keys that are passed over, and what becomes of the others.</summary>
public sealed class B60_KeySets
{
    private static readonly RSA Rsa = TokenForge.Rsa;
    private static readonly ECDsa Ec = TokenForge.Ec;

    public static TheoryData<string, string, string> Refused()
    {
        using var other = RSA.Create(2048);
        var table = new TheoryData<string, string, string>
        {
            { "no object", "[]", "no object" },
            { "no keys", "{}", "array \"keys\"" },
            { "keys no array", """{"keys":{}}""", "array \"keys\"" },
            { "keys of texts", """{"keys":["a"]}""", "no object" },
            { "none", """{"keys":[]}""", "no key that checks signatures" },
            { "101 keys", Jwk.Set([.. Enumerable.Range(0, 101).Select(static i => (JsonNode)new JsonObject { ["kty"] = "OKP", ["kid"] = $"{i}" })]), "101 keys; at most 100" },
            { "10,000 keys", Jwk.Set([.. Enumerable.Range(0, 10_000).Select(static i => (JsonNode)new JsonObject { ["kty"] = "RSA", ["kid"] = $"{i}" })]), "10000 keys; at most 100" },
            { "65 that check", Jwk.Set([.. Enumerable.Range(0, 65).Select(static i => (JsonNode)Jwk.Of(Rsa, $"{i}"))]), "65 keys for signatures; at most 64" },
            { "two of one id", Jwk.Set(Jwk.Of(Rsa, "a"), Jwk.Of(other, "a")), "same id" },
            { "two of one id and two kinds", Jwk.Set(Jwk.Of(Rsa, "a"), Jwk.Of(Ec, "a")), "same id" },
            { "oct", Jwk.Set(Jwk.Of(Rsa), new JsonObject { ["kty"] = "oct", ["k"] = "c2VjcmV0" }), "shared secret" },
            { "oct for encryption", Jwk.Set(Jwk.Of(Rsa), new JsonObject { ["kty"] = "oct", ["use"] = "enc" }), "shared secret" },
            { "x5c of another key", Jwk.Set(With(Jwk.Of(Rsa), "x5c", Jwk.Certificate(other))), "x5c" },
            { "x5c of another kind", Jwk.Set(With(Jwk.Of(Ec), "x5c", Jwk.Certificate(other))), "x5c" },
            { "x5c no list", Jwk.Set(With(Jwk.Of(Rsa), "x5c", "MIIB")), "x5c" },
            { "x5c empty", Jwk.Set(With(Jwk.Of(Rsa), "x5c", new JsonArray())), "x5c" },
            { "x5c no certificate", Jwk.Set(With(Jwk.Of(Rsa), "x5c", new JsonArray("AAAA"))), "x5c" },
        };
        foreach (var member in (string[])["d", "p", "q", "dp", "dq", "qi", "oth"])
        {
            table.Add($"private {member}", Jwk.Set(Jwk.Of(Ec), With(Jwk.Of(Rsa), member, "AQAB")), "private key");
        }

        table.Add("private and for encryption", Jwk.Set(Jwk.Of(Ec), With(With(Jwk.Of(Rsa), "use", "enc"), "d", "AQAB")), "private key");
        foreach (var (name, key) in PassedOver())
        {
            table.Add("alone: " + name, Jwk.Set(key), "no key that checks signatures");
        }

        return table;
    }

    public static TheoryData<string, string> Others() =>
        new(PassedOver().Select(static one => (one.Name, Jwk.Set(Jwk.Of(TokenForge.Ec, "good"), one.Key))));

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_set_that_cannot_be_trusted_is_refused_whole(string name, string json, string why)
    {
        using var document = JsonDocument.Parse(json);
        var refused = Assert.Throws<IssuerException>(() => JsonWebKeys.Read(document.RootElement, AlgorithmList.Default));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(name);
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void A_key_that_is_not_for_us_leaves_the_others(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal("good", Assert.Single(JsonWebKeys.Read(document.RootElement, AlgorithmList.Default)).Id);
        Assert.NotEmpty(name);
    }

    [Fact]
    public void A_key_without_an_algorithm_has_RS256_or_that_of_its_curve()
    {
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var keys = Read(Jwk.Set(Jwk.Of(Rsa, "rs", null), Jwk.Of(Ec, "es", null), Jwk.Of(p521, "es5", null)));
        Assert.Equal([("rs", TokenAlgorithm.RS256), ("es", TokenAlgorithm.ES256), ("es5", TokenAlgorithm.ES512)], keys.Select(static key => (key.Id!, key.Algorithm)));
    }

    [Fact]
    public void Where_algorithms_are_named_such_a_key_has_all_of_these_that_fit_and_others_are_passed_over()
    {
        var json = Jwk.Set(Jwk.Of(Rsa, "rs", null), Jwk.Of(Ec, "es", null), Jwk.Of(Rsa, "named", "RS512"));
        var keys = Read(json, AlgorithmList.Of([TokenAlgorithm.RS256, TokenAlgorithm.PS256]));
        Assert.Equal([("rs", TokenAlgorithm.RS256), ("rs", TokenAlgorithm.PS256)], keys.Select(static key => (key.Id!, key.Algorithm)));
    }

    [Fact]
    public void A_certificate_of_the_same_key_is_no_fault_and_no_key_can_sign()
    {
        var key = Assert.Single(Read(Jwk.Set(With(Jwk.Of(Rsa), "x5c", Jwk.Certificate(Rsa)))));
        Assert.False(key.CanSign);
    }

    [Fact]
    public void Whatever_a_set_holds_is_read_or_refused()
    {
        const int Seed = 20_260;
        var random = new Random(Seed);
        var seed = System.Text.Encoding.UTF8.GetBytes(Jwk.Set(With(Jwk.Of(Rsa), "x5c", Jwk.Certificate(Rsa)), Jwk.Of(Ec), With(Jwk.Of(Rsa, "ops", null), "key_ops", new JsonArray("verify"))));
        string[] words = ["null", "true", "-1", "1e400", "\"\"", "[]", "{}", "\"\\ud800\"", "\"oct\"", "\"d\"", "\"P-521\"", "\"PS512\"", "\"kid\"", "[[[[]]]]", new('9', 300)];
        var read = 0;
        for (var i = 0; i < 4000; i++)
        {
            var bytes = seed.ToList();
            for (var times = random.Next(1, 4); times > 0; times--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(3))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes.RemoveRange(at, random.Next(Math.Min(8, bytes.Count - at)));
                        break;
                    default:
                        bytes.InsertRange(at, System.Text.Encoding.UTF8.GetBytes(words[random.Next(words.Length)]));
                        break;
                }
            }

            try
            {
                using var document = JsonDocument.Parse(bytes.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
                Assert.NotEmpty(JsonWebKeys.Read(document.RootElement, AlgorithmList.Default));
                read++;
            }
            catch (Exception error) when (error is JsonException or IssuerException)
            {
                // As it should be.
            }
        }

        Assert.InRange(read, 100, 4000);
    }

    private static IReadOnlyList<TokenKey> Read(string json, AlgorithmList? algorithms = null)
    {
        using var document = JsonDocument.Parse(json);
        return JsonWebKeys.Read(document.RootElement, algorithms ?? AlgorithmList.Default);
    }

    private static IEnumerable<(string Name, JsonObject Key)> PassedOver()
    {
        using var small = RSA.Create(1024);
        using var koblitz = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        yield return ("for encryption", With(Jwk.Of(Rsa), "use", "enc"));
        yield return ("use no text", With(Jwk.Of(Rsa), "use", 1));
        yield return ("for signing alone", With(Jwk.Of(Rsa), "key_ops", new JsonArray("sign")));
        yield return ("another kind", new JsonObject { ["kty"] = "OKP", ["crv"] = "Ed25519", ["x"] = "AA", ["kid"] = "ed" });
        yield return ("no kind", new JsonObject { ["kid"] = "a" });
        yield return ("alg none", Jwk.Of(Rsa, "a", "none"));
        yield return ("alg HS256", Jwk.Of(Rsa, "a", "HS256"));
        yield return ("alg of another kind", Jwk.Of(Rsa, "a", "ES256"));
        yield return ("alg of another curve", Jwk.Of(Ec, "a", "ES384"));
        yield return ("alg no text", With(Jwk.Of(Rsa), "alg", 256));
        yield return ("RSA of 1024 bits", Jwk.Of(small, "a"));
        yield return ("RSA without n", Without(Jwk.Of(Rsa), "n"));
        yield return ("RSA with exponent 1", With(Jwk.Of(Rsa), "e", "AQ"));
        yield return ("RSA with a modulus of 100,000 bits", With(Jwk.Of(Rsa), "n", new string('x', 16_668)));
        yield return ("n no base64url", With(Jwk.Of(Rsa), "n", "+/=="));
        yield return ("another curve", With(Jwk.Of(Ec), "crv", "secp256k1"));
        yield return ("no point", Without(Jwk.Of(Ec), "y"));
        yield return ("a point beside the curve", With(Jwk.Of(Ec), "y", (string)Jwk.Of(Ec)["x"]!));
    }

    private static JsonObject With(JsonObject key, string member, JsonNode? value)
    {
        key[member] = value;
        return key;
    }

    private static JsonObject Without(JsonObject key, string member)
    {
        key.Remove(member);
        return key;
    }
}
