using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Tidings.Security.Tokens;

/// <summary>Idle platform key objects, never more than were used at once: the platform does not promise that one may be
/// used by several threads. One whose use threw is not returned.</summary>
internal sealed class TokenKeyPool<TKey>(Func<TKey> create)
    where TKey : AsymmetricAlgorithm
{
    private readonly ConcurrentBag<TKey> _idle = [];

    internal TKey Rent() => _idle.TryTake(out TKey? key) ? key : create();

    internal void Return(TKey key) => _idle.Add(key);
}
