using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Tidings.Tests.Security.Issuers;

/// <summary>Public keys as JSON, each to be changed into something that is wrong.</summary>
internal static class Jwk
{
    public static JsonObject Of(RSA rsa, string? id = "rs", string? algorithm = "RS256")
    {
        var parameters = rsa.ExportParameters(false);
        return With(new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) }, id, algorithm);
    }

    public static JsonObject Of(ECDsa ec, string? id = "es", string? algorithm = "ES256")
    {
        var q = ec.ExportParameters(false).Q;
        var curve = ec.KeySize switch { 256 => "P-256", 384 => "P-384", _ => "P-521" };
        return With(new JsonObject { ["kty"] = "EC", ["crv"] = curve, ["x"] = Base64Url.EncodeToString(q.X), ["y"] = Base64Url.EncodeToString(q.Y) }, id, algorithm);
    }

    public static string Set(params JsonNode[] keys) => new JsonObject { ["keys"] = new JsonArray(keys) }.ToJsonString();

    /// <summary>A certificate of a key, as <c>x5c</c> has it.</summary>
    public static JsonArray Certificate(RSA rsa)
    {
        var request = new CertificateRequest("CN=issuer", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return new JsonArray(Convert.ToBase64String(made.RawData));
    }

    private static JsonObject With(JsonObject key, string? id, string? algorithm)
    {
        if (id is not null)
        {
            key["kid"] = id;
        }

        if (algorithm is not null)
        {
            key["alg"] = algorithm;
        }

        return key;
    }
}
