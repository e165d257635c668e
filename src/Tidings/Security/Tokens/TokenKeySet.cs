using System.Numerics;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>The configured keys, and which of them a token's header may be checked with. Nothing that a token says names a file, a URL or a query.</summary>
internal sealed class TokenKeySet
{
    private readonly TokenKey[] _keys;

    internal TokenKeySet(IEnumerable<TokenKey> keys)
    {
        _keys = [.. keys];
        if (_keys.Length is 0 or > TokenLimits.Keys)
        {
            throw new ArgumentException($"Between 1 and {TokenLimits.Keys} keys are needed; there are {_keys.Length}.", nameof(keys));
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (TokenKey key in _keys)
        {
            if (key.Id is { } id && !ids.Add(id))
            {
                throw new ArgumentException($"Two keys have the id '{id}'.", nameof(keys));
            }
        }
    }

    internal TokenKey this[int index] => _keys[index];

    /// <summary>Chooses by <c>alg</c>, exactly as spelled in RFC 7518 §3.1, and then by <c>kid</c>: with one, that key alone;
    /// without, every key of the algorithm. The choice has one bit per key.</summary>
    internal TokenFailure Choose(JsonElement algorithm, JsonElement keyId, out ulong chosen)
    {
        chosen = 0;
        ulong ofAlgorithm = 0;
        for (int i = 0; i < _keys.Length; i++)
        {
            if (!algorithm.ValueEquals(_keys[i].AlgorithmName))
            {
                continue;
            }

            ofAlgorithm |= 1UL << i;
            if (keyId.ValueKind == JsonValueKind.Undefined || (_keys[i].Id is { } id && keyId.ValueEquals(id)))
            {
                chosen |= 1UL << i;
            }
        }

        if (ofAlgorithm == 0)
        {
            return TokenFailure.Algorithm;
        }

        return chosen == 0 || BitOperations.PopCount(chosen) > TokenLimits.KeysTried ? TokenFailure.UnknownKey : TokenFailure.None;
    }
}
