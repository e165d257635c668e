using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Api;

/// <summary>Who may use what writes or looks inside: the bearer of the key, or where there is none, programs on this machine.</summary>
internal sealed class ServerKey(string? key, string option)
{
    // Hashed, so that the comparison takes the same time for keys of any length.
    private readonly byte[]? _hash = key is null ? null : Hash(key);

    /// <summary>Null where the request may go on; otherwise the answer.</summary>
    public IResult? Refuse(HttpRequest request)
    {
        if (_hash is null)
        {
            return DirectLocal.Is(request)
                ? null
                : Problems.Unauthorized($"Without {option} only direct requests from this machine are answered: from and to a loopback address, not forwarded by a proxy, from no other origin, with JSON as content type. Set {option}, and send it as \"Authorization: Bearer <key>\".");
        }

        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization;
        return authorization is { Count: 1 }
            && authorization[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(authorization[0]![Scheme.Length..]), _hash)
                ? null
                : Problems.Unauthorized($"Send {option} as \"Authorization: Bearer <key>\".");
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
