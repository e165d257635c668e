using System.Security.Cryptography;
using Tidings.Quotas;

namespace Tidings.Security.Identities;

/// <summary>Lets the reader of a stream that a ticket opened come back to it: a browser's <c>EventSource</c> asks again for the same URL,
/// whose ticket is used up, and shows the cookie that went with the first answer. Safe from any thread.</summary>
internal sealed class StreamPasses(TimeProvider time)
{
    /// <summary>How many streams of one user may be come back to: with one more the pass goes that was not shown for longest.</summary>
    public const int Share = ITicketStore.Share;

    /// <summary>How long after it was last shown a pass is still good.</summary>
    public static readonly TimeSpan Lifetime = ITicketStore.PassLifetime;

    private const int Most = 100_000;

    private readonly Lock _gate = new();
    private readonly HeldSecrets<Pass> _passes = new(Lifetime, Share, Most, time);

    /// <summary>The name of the cookie that goes with a ticket: streams of one browser don't take each other's.</summary>
    public static string CookieOf(string ticket) => "tidings_" + Convert.ToHexStringLower(BearerSecret.Hash(ticket).AsSpan(0, 8));

    /// <returns>What the cookie is to hold; null where the ticket has opened a stream already.</returns>
    public string? Issue(string ticket, Identity identity)
    {
        var secret = BearerSecret.New();
        lock (_gate)
        {
            return _passes.TryAdd(CookieOf(ticket), Sender.Of(identity.User, default), new Pass(identity, BearerSecret.Hash(secret))) ? secret : null;
        }
    }

    /// <returns>Whose stream it is; null where the ticket and the cookie don't belong together, or no longer.</returns>
    public Identity? Show(string ticket, string secret)
    {
        lock (_gate)
        {
            var name = CookieOf(ticket);
            if (!_passes.TryGet(name, out var pass) || !CryptographicOperations.FixedTimeEquals(BearerSecret.Hash(secret), pass.Secret))
            {
                return null;
            }

            _passes.Renew(name);
            return pass.Identity;
        }
    }

    private sealed record Pass(Identity Identity, byte[] Secret);
}
