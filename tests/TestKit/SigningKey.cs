using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace TestKit;

/// <summary>A key of <see cref="OpenIdProvider"/>. It shares no code with what checks its signatures.</summary>
internal sealed class SigningKey
{
    private readonly string _algorithm;
    private readonly bool _saysAlgorithm;
    private readonly RSA? _rsa;
    private readonly ECDsa? _ec;

    private SigningKey(string algorithm, bool saysAlgorithm, string id)
    {
        (_algorithm, _saysAlgorithm, Id) = (algorithm, saysAlgorithm, id);
        _rsa = algorithm[0] == 'E' ? null : RSA.Create(2048);
        _ec = algorithm[0] != 'E' ? null : ECDsa.Create(algorithm switch
        {
            "ES256" => ECCurve.NamedCurves.nistP256,
            "ES384" => ECCurve.NamedCurves.nistP384,
            _ => ECCurve.NamedCurves.nistP521,
        });
    }

    public string Id { get; }

    public static SigningKey New(string algorithm, bool saysAlgorithm, string id) => new(algorithm, saysAlgorithm, id);

    public string Sign(JsonObject payload, string? keyId)
    {
        var header = new JsonObject { ["alg"] = _algorithm, ["typ"] = "JWT", ["kid"] = keyId ?? Id };
        var input = $"{Encode(header.ToJsonString())}.{Encode(payload.ToJsonString())}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var hash = _algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        var signature = _rsa is not null
            ? Locked(_rsa, rsa => rsa.SignData(bytes, hash, _algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1))
            : Locked(_ec!, ec => ec.SignData(bytes, hash));
        return $"{input}.{Base64Url.EncodeToString(signature)}";
    }

    public JsonObject ToJwk()
    {
        var jwk = new JsonObject { ["kid"] = Id, ["use"] = "sig" };
        if (_saysAlgorithm)
        {
            jwk["alg"] = _algorithm;
        }

        if (_rsa is not null)
        {
            var parameters = _rsa.ExportParameters(false);
            (jwk["kty"], jwk["n"], jwk["e"]) = ("RSA", Base64Url.EncodeToString(parameters.Modulus), Base64Url.EncodeToString(parameters.Exponent));
        }
        else
        {
            var parameters = _ec!.ExportParameters(false);
            (jwk["kty"], jwk["crv"]) = ("EC", _algorithm switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" });
            (jwk["x"], jwk["y"]) = (Base64Url.EncodeToString(parameters.Q.X), Base64Url.EncodeToString(parameters.Q.Y));
        }

        return jwk;
    }

    private static byte[] Locked<TKey>(TKey key, Func<TKey, byte[]> sign)
        where TKey : AsymmetricAlgorithm
    {
        lock (key)
        {
            return sign(key);
        }
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
