using System.Numerics;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>The configured keys, and which of them a token's header may be checked with. Nothing that a token says names a file, a URL or a query.</summary>
internal sealed class TokenKeySet
{
    private readonly TokenKey[] _keys;
    private readonly string[]? _changing;

    /// <param name="keys">1 to 64; of one id there may be several, each with another algorithm.</param>
    /// <param name="changing">Where the keys are published by an issuer that changes them: the algorithms that they may have.</param>
    internal TokenKeySet(IEnumerable<TokenKey> keys, IEnumerable<TokenAlgorithm>? changing = null)
    {
        _keys = [.. keys];
        _changing = changing?.Select(algorithm => algorithm.ToString()).ToArray();
        if (_keys.Length is 0 or > TokenLimits.Keys)
        {
            throw new ArgumentException($"Between 1 and {TokenLimits.Keys} keys are needed; there are {_keys.Length}.", nameof(keys));
        }

        var ids = new HashSet<(string, TokenAlgorithm)>();
        foreach (TokenKey key in _keys)
        {
            if (key.Id is { } id && !ids.Add((id, key.Algorithm)))
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

        if (_changing is not null && chosen == 0)
        {
            return IsToCome(algorithm, keyId) ? TokenFailure.UnknownKey : TokenFailure.Algorithm;
        }

        if (ofAlgorithm == 0)
        {
            return TokenFailure.Algorithm;
        }

        return chosen == 0 || BitOperations.PopCount(chosen) > TokenLimits.KeysTried ? TokenFailure.UnknownKey : TokenFailure.None;
    }

    // The issuer may publish such a key later: not one whose id is there for another algorithm, and not for an algorithm that it may not use.
    private bool IsToCome(JsonElement algorithm, JsonElement keyId) =>
        Array.Exists(_changing!, name => algorithm.ValueEquals(name))
        && (keyId.ValueKind == JsonValueKind.Undefined || !Array.Exists(_keys, key => key.Id is { } id && keyId.ValueEquals(id)));
}
