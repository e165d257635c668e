using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tidings.Security.Identities;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>Tickets and passes, by their hashes.</summary>
public sealed class ProcessTickets(ProcessCluster cluster) : ITicketStore
{
    private readonly Lock _gate = new();
    private readonly List<Held> _tickets = [];
    private readonly List<Held> _passes = [];

    public ValueTask<string> IssueAsync(Identity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var ticket = NewSecret();
        lock (_gate)
        {
            Add(_tickets, new Held(HashOf(ticket), "", identity.ToJson(), identity.User, EndOf(ITicketStore.TicketLifetime)));
        }

        return ValueTask.FromResult(ticket);
    }

    public ValueTask<Identity?> RedeemAsync(string ticket)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Find(_tickets, HashOf(ticket)) is { } held && _tickets.Remove(held) ? Identity.FromJson(held.Json) : null);
        }
    }

    public ValueTask<string?> IssuePassAsync(string ticket, Identity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var secret = NewSecret();
        lock (_gate)
        {
            if (Find(_passes, HashOf(ticket)) is not null)
            {
                return ValueTask.FromResult<string?>(null);
            }

            Add(_passes, new Held(HashOf(ticket), HashOf(secret), identity.ToJson(), identity.User, EndOf(ITicketStore.PassLifetime)));
            return ValueTask.FromResult<string?>(secret);
        }
    }

    public ValueTask<Identity?> ShowPassAsync(string ticket, string secret)
    {
        lock (_gate)
        {
            if (Find(_passes, HashOf(ticket)) is not { } held || held.Secret != HashOf(secret))
            {
                return ValueTask.FromResult<Identity?>(null);
            }

            // The one that was shown last goes last.
            _passes.Remove(held);
            _passes.Add(held with { EndsAt = EndOf(ITicketStore.PassLifetime) });
            return ValueTask.FromResult(Identity.FromJson(held.Json));
        }
    }

    private static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static string HashOf(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static void Add(List<Held> all, Held held)
    {
        all.Add(held);
        if (all.Count(one => one.User == held.User) > ITicketStore.Share)
        {
            all.RemoveAt(all.FindIndex(one => one.User == held.User));
        }
    }

    private Held? Find(List<Held> all, string name)
    {
        all.RemoveAll(one => one.EndsAt <= cluster.Now);
        return all.Find(one => one.Name == name);
    }

    private long EndOf(TimeSpan life) => cluster.Now + (long)life.TotalMilliseconds;

    private sealed record Held(string Name, string Secret, byte[] Json, string User, long EndsAt);
}
