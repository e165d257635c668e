using System.Security.Cryptography;

namespace Tidings.Security.Identities;

/// <summary>Lets the reader of a stream that a ticket opened come back to it: a browser's <c>EventSource</c> asks again for the same URL,
/// whose ticket is used up, and shows the cookie that went with the first answer. Safe from any thread.</summary>
internal sealed class StreamPasses(TimeProvider time)
{
    // How long after it was last shown a pass is still good.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pass> _passes = new(StringComparer.Ordinal);

    /// <summary>The name of the cookie that goes with a ticket: streams of one browser don't take each other's.</summary>
    public static string CookieOf(string ticket) => "tidings_" + Convert.ToHexStringLower(BearerSecret.Hash(ticket).AsSpan(0, 8));

    /// <returns>What the cookie is to hold; null where there are too many.</returns>
    public string? Issue(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        lock (_gate)
        {
            if (_passes.Count >= Most)
            {
                Sweep_NeedsLock();
            }

            return _passes.Count < Most && _passes.TryAdd(CookieOf(ticket), new Pass(identity, BearerSecret.Hash(secret)) { Until = Now + Lifetime }) ? secret : null;
        }
    }

    /// <returns>Whose stream it is; null where the ticket and the cookie don't belong together, or no longer.</returns>
    public Identity? Show(string ticket, string secret)
    {
        lock (_gate)
        {
            if (!_passes.TryGetValue(CookieOf(ticket), out var pass) || pass.Until <= Now || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), pass.Secret))
            {
                return null;
            }

            pass.Until = Now + Lifetime;
            return pass.Identity;
        }
    }

    private TimeSpan Now => time.GetElapsedTime(0);

    private void Sweep_NeedsLock()
    {
        var now = Now;
        foreach (var (name, pass) in _passes)
        {
            if (pass.Until <= now)
            {
                _passes.Remove(name);
            }
        }
    }

    private sealed record Pass(Identity Identity, byte[] Secret)
    {
        public TimeSpan Until { get; set; }
    }
}
