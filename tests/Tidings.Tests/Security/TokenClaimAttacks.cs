using System.IO.Compression;
using System.Text;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>Payloads that are well signed and still no good: whoever may sign something (a shared issuer, a signing bug) must not get more out of it.</summary>
internal static class TokenClaimAttacks
{
    internal static IEnumerable<TokenAttack> All() => [.. Times(), .. Names(), .. Audiences(), .. Channels(), .. Json()];

    private static TokenAttack Claims(string id, TokenFailure expected, string members) => new(id, expected, Sign(HsHeader, $"{{{members}}}"));

    private static IEnumerable<TokenAttack> Times()
    {
        foreach (string value in (string[])["\"1800003600\"", "\"never\"", "\"\"", "1e400", "-1e400", "-1", "-0.5", "null", "true", "false", "[1800003600]", "{}", "1800003600000", "253402300800", "9223372036854775808", "1e29", new('9', 400)])
        {
            string shown = value.Length > 40 ? "400 digits" : value;
            foreach (string claim in (string[])["exp", "nbf", "iat"])
            {
                yield return Claims($"{claim}:{shown}", TokenFailure.Claims, $"\"sub\":\"ada\",\"{claim}\":{value}");
            }
        }

        foreach (string value in (string[])["0", "-0", "0.0", "1e-400", "1", "1799999999", "1799999999.999", "1800000000", "1800000000.0", "1.8e9", "180000000e1"])
        {
            yield return Claims($"exp:{value}", TokenFailure.Expired, $"\"sub\":\"ada\",\"exp\":{value}");
        }

        foreach (string value in (string[])["1800000030.001", "1800000031", "1900000000", "253402300799"])
        {
            yield return Claims($"nbf:{value}", TokenFailure.NotYetValid, $"\"sub\":\"ada\",\"nbf\":{value}");
            yield return Claims($"iat:{value}", TokenFailure.NotYetValid, $"\"sub\":\"ada\",\"iat\":{value}");
        }

        yield return Claims("exp:twice", TokenFailure.Claims, "\"sub\":\"ada\",\"exp\":1,\"exp\":1800003600");
        yield return Claims("exp:twice-escaped", TokenFailure.Claims, "\"sub\":\"ada\",\"exp\":1,\"\\u0065xp\":1800003600");
        yield return Claims("exp:expired-and-nbf-future", TokenFailure.Expired, "\"sub\":\"ada\",\"exp\":1,\"nbf\":1900000000");
    }

    private static IEnumerable<TokenAttack> Names()
    {
        yield return Claims("sub:absent", TokenFailure.Subject, "\"exp\":1800003600");
        yield return Claims("sub:other-case", TokenFailure.Subject, "\"Sub\":\"ada\"");
        yield return Claims("sub:twice", TokenFailure.Claims, "\"sub\":\"ada\",\"sub\":\"root\"");
        yield return Claims("sub:twice-escaped", TokenFailure.Claims, "\"sub\":\"ada\",\"s\\u0075b\":\"root\"");
        yield return Claims("sub:half-surrogate", TokenFailure.Claims, "\"sub\":\"\\ud800\"");
        foreach (string value in (string[])["null", "1", "true", "[\"ada\"]", "{\"id\":\"ada\"}", "\"\"", "\"a\\nb\"", "\"a\\r\\nSet-Cookie: x\"", "\"\\u0000\"", "\"ada\\u0000\"", "\"\\u001b[31m\"", "\"\\u007f\"", "\"\\u0085\"", "\"\\u2028\"", "\"\\u2029\""])
        {
            yield return Claims($"sub:{value}", TokenFailure.Subject, $"\"sub\":{value}");
            yield return Claims($"jti:{value}", TokenFailure.Claims, $"\"sub\":\"ada\",\"jti\":{value}");
            yield return Claims($"name:{value}", TokenFailure.Claims, $"\"sub\":\"ada\",\"name\":{value}");
        }

        foreach (string value in (string[])["null", "1", "0", "\"true\"", "\"\"", "[true]", "{}"])
        {
            yield return Claims($"send:{value}", TokenFailure.Claims, $"\"sub\":\"ada\",\"send\":{value}");
        }

        yield return Claims("send:twice", TokenFailure.Claims, "\"sub\":\"ada\",\"send\":false,\"send\":true");
        yield return Claims("sub:129", TokenFailure.Subject, $"\"sub\":\"{new string('a', 129)}\"");
        yield return Claims("jti:129", TokenFailure.Claims, $"\"sub\":\"ada\",\"jti\":\"{new string('a', 129)}\"");
    }

    private static IEnumerable<TokenAttack> Audiences()
    {
        foreach (string value in (string[])["\"push\"", "[\"push\"]", "[\"push\",\"other\"]", "[]", "null", "\"\"", "1", "{\"push\":1}", "[null]", "[\"push\",1]"])
        {
            yield return Claims($"aud-unasked:{value}", TokenFailure.Audience, $"\"sub\":\"ada\",\"aud\":{value}");
        }

        foreach (string value in (string[])["null", "1", "[\"us\"]", "{}"])
        {
            yield return Claims($"iss-form:{value}", TokenFailure.Issuer, $"\"sub\":\"ada\",\"iss\":{value}");
        }
    }

    private static IEnumerable<TokenAttack> Channels()
    {
        foreach (string value in (string[])["null", "\"chat:*\"", "[\"chat:*\"]", "true", "{\"chat:*\":\"subscribe\"}", "{\"chat:*\":null}", "{\"chat:*\":{\"subscribe\":true}}", "{\"chat:*\":[\"admin\"]}", "{\"chat:*\":[\"Subscribe\"]}",
            "{\"chat:*\":[\"subscribe \"]}", "{\"chat:*\":[\"\"]}", "{\"chat:*\":[\"*\"]}", "{\"chat:*\":[1]}", "{\"chat:*\":[null]}", "{\"chat:*\":[[\"subscribe\"]]}", "{\"chat:*\":[\"subscribe\",\"all\"]}",
            "{\"\":[\"subscribe\"]}", "{\"chat:\\n*\":[\"subscribe\"]}", "{\"chat *\":[\"subscribe\"]}", "{\"chat:\\u0000\":[]}", "{\"a\":[],\"b\":[\"x\"]}"])
        {
            yield return Claims($"channels:{value}", TokenFailure.Permissions, $"\"sub\":\"ada\",\"channels\":{value}");
        }

        string patterns = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"c{i}\":[\"subscribe\"]"));
        yield return Claims("channels:65", TokenFailure.Permissions, $"\"sub\":\"ada\",\"channels\":{{{patterns}}}");
        yield return Claims("channels:pattern-of-256-bytes", TokenFailure.Permissions, $"\"sub\":\"ada\",\"channels\":{{\"{new string('é', 128)}\":[]}}");
        yield return Claims("channels:pattern-twice", TokenFailure.Claims, "\"sub\":\"ada\",\"channels\":{\"a\":[],\"a\":[\"publish\"]}");
        yield return Claims("channels:twice", TokenFailure.Claims, "\"sub\":\"ada\",\"channels\":{},\"channels\":{\"*\":[\"publish\"]}");
    }

    private static IEnumerable<TokenAttack> Json()
    {
        byte[] header = Encoding.UTF8.GetBytes(HsHeader);
        foreach (string payload in (string[])["[]", "\"ada\"", "1", "null", "true", " ", "{", "[{\"sub\":\"ada\"}]", "{\"sub\":\"ada\"", "{\"sub\":\"ada\",}", "{\"sub\":\"ada\"}x", "{\"sub\":\"ada\"}{\"sub\":\"root\"}", "{'sub':'ada'}", "{\"sub\":\"ada\"/**/}",
            "\ufeff{\"sub\":\"ada\"}", "{\"sub\":\"ada\"}\0", "{\"sub\":\"a\nb\"}", "{\"sub\":\"ada\",\"x\":Infinity}"])
        {
            yield return new($"payload-json:{payload.Replace('\0', '0')}", TokenFailure.Claims, Sign(HsHeader, payload));
        }

        yield return new("payload:nested-token", TokenFailure.Claims, Sign("""{"alg":"HS256","cty":"JWT"}""", Sign(HsHeader, Payload)));
        yield return new("payload:invalid-utf8", TokenFailure.Claims, Sign(header, [.. "{\"sub\":\"a"u8, 0xFF, .. "\"}"u8]));
        yield return new("payload:invalid-utf8-elsewhere", TokenFailure.Claims, Sign(header, [.. "{\"sub\":\"ada\",\"x\":\""u8, 0xC0, 0xAF, .. "\"}"u8]));
        yield return new("payload:utf16", TokenFailure.Claims, Sign(header, Encoding.Unicode.GetBytes(Payload)));
        yield return new("payload:depth-17", TokenFailure.Claims, Sign(HsHeader, $"{{\"sub\":\"ada\",\"x\":{new string('[', 16)}{new string(']', 16)}}}"));
        yield return new("payload:depth-6000", TokenFailure.Claims, Sign(HsHeader, new string('[', 6000)));
        yield return new("payload:depth-100000", TokenFailure.TooLong, Sign(HsHeader, new string('[', 100_000)));
        yield return new("payload:nested-member-twice", TokenFailure.Claims, Sign(HsHeader, "{\"sub\":\"ada\",\"x\":{\"a\":1,\"a\":2}}"));
        yield return new("payload:deflated", TokenFailure.Claims, Sign(Encoding.UTF8.GetBytes("""{"alg":"HS256","zip":"DEF"}"""), Deflate(Payload)));
    }

    private static byte[] Deflate(string text)
    {
        using var stream = new MemoryStream();
        using (var deflate = new DeflateStream(stream, CompressionLevel.Optimal))
        {
            deflate.Write(Encoding.UTF8.GetBytes(text));
        }

        return stream.ToArray();
    }
}
