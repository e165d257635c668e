using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Cluster;

/// <summary>Something in PostgreSQL that ends with the node that put it in. Safe from any thread.</summary>
internal interface ILeased
{
    /// <summary>Puts in all that the node has, under a lease that has just begun.</summary>
    /// <param name="link">The way there.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="ended">The node's lease before this one, which does not count any more; empty where there was none.</param>
    Task PutAsync(PostgreSqlLink link, string lease, string ended);

    /// <summary>Called every second while all is well: puts in what failed before.</summary>
    Task KeepAsync(PostgreSqlLink link, string lease);
}

/// <summary>A node's lease: while it stands, what the node has put in counts. Once it was not renewed for too long, one of the others takes that out.</summary>
/// <remarks>Whether a lease was renewed each node sees by a clock of its own, so that nobody's lease ends because a clock was set. Each link, and each time that the node was too late,
/// begins a lease of its own and puts everything in anew. Safe from any thread.</remarks>
internal sealed partial class NodeLease
{
    /// <summary>How long a node counts that is not heard of any more.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(8);

    /// <summary>How often a lease is renewed, and it is looked whether others have ended.</summary>
    public static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(2);

    private readonly PostgreSqlServer _server;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IReadOnlyList<ILeased> _holdings;
    private readonly Dictionary<string, (long Beats, long Since)> _others = new(StringComparer.Ordinal);
    private readonly Func<PostgreSqlLink, string, string, Task> _giveBack;
    private volatile string _id = "";
    private volatile bool _isFirst;
    private string _before = "";
    private long _renewedAt;
    private bool _isBehind;
    private volatile bool _isReleased;

    /// <param name="server">Where.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="holdings">What ends with the lease.</param>
    /// <param name="giveBack">Gives back a client's name that was had under a lease that has ended.</param>
    /// <param name="time">Time.</param>
    /// <param name="log">Where it logs.</param>
    public NodeLease(PostgreSqlServer server, string node, IReadOnlyList<ILeased> holdings, Func<PostgreSqlLink, string, string, Task> giveBack, TimeProvider time, ILogger log)
    {
        (_server, _node, _holdings, _giveBack, _time, _log) = (server, node, holdings, giveBack, time, log);
        server.OnConnected.Add(BeginAsync);
        server.OnLinked.Add(PutAsync);
        server.OnTick.Add(TickAsync);
    }

    /// <summary>The lease that stands now: 16 characters.</summary>
    public string Id => _id;

    /// <summary>Whether no other lease comes before this one.</summary>
    public bool IsFirst => _isFirst;

    /// <summary>Has others take out soon what the node still has, but not so soon that who goes on elsewhere is told to have left.</summary>
    public async Task ReleaseAsync(PostgreSqlLink link, TimeSpan after)
    {
        _isReleased = true;
        await new Statement("UPDATE tidings.nodes SET leaves = tidings.now_1() + $2 WHERE lease = $1", _id, (long)after.TotalMilliseconds).AskAsync(link.Database).ConfigureAwait(false);
    }

    private async Task BeginAsync(PostgreSqlLink link)
    {
        _before = _id;
        _id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        try
        {
            await RunAsync(link, begins: true).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException error) when (error.Refusal is not null)
        {
            // The node reads without a lease: a later tick finds that it has none, and begins one.
            _server.Failed(link, error);
        }
    }

    // Both leases stand until all is in under the new one: nobody who was there is gone in between.
    private async Task PutAsync(PostgreSqlLink link)
    {
        _isBehind = true;
        foreach (var holding in _holdings)
        {
            await holding.PutAsync(link, _id, _before).ConfigureAwait(false);
        }

        _isBehind = false;
        if (_before is { Length: > 0 } before)
        {
            _before = "";
            await SweepAsync(link, before, null).ConfigureAwait(false);
        }
    }

    private async Task TickAsync(PostgreSqlLink link)
    {
        if (_isReleased)
        {
            return;
        }

        if (_time.GetElapsedTime(_renewedAt) >= RenewInterval - (PostgreSqlServer.TickInterval / 2))
        {
            var ended = await RunAsync(link, begins: false).ConfigureAwait(false);
            if (ended is null)
            {
                LogEnded();
                await BeginAsync(link).ConfigureAwait(false);
                await PutAsync(link).ConfigureAwait(false);
                return;
            }

            foreach (var (lease, beats) in ended)
            {
                await SweepAsync(link, lease, beats).ConfigureAwait(false);
                LogSwept(lease);
            }
        }

        if (_isBehind)
        {
            await PutAsync(link).ConfigureAwait(false);
        }

        foreach (var holding in _holdings)
        {
            await holding.KeepAsync(link, _id).ConfigureAwait(false);
        }
    }

    // Those leases that have ended; null where this one has.
    private async Task<List<(string Lease, long Beats)>?> RunAsync(PostgreSqlLink link, bool begins)
    {
        var all = await new Statement("SELECT lease, beats, gone FROM tidings.lease_1($1, $2, $3)", _id, _node, begins).RunAsync(link.Database, ReadAsync).ConfigureAwait(false);
        if (all.Count == 0)
        {
            return null;
        }

        var now = _renewedAt = _time.GetTimestamp();
        var ended = new List<(string, long)>();
        foreach (var (lease, beats, gone) in all)
        {
            if (lease == _id || lease == _before)
            {
                continue;
            }

            if (!_others.TryGetValue(lease, out var known) || known.Beats != beats)
            {
                _others[lease] = known = (beats, now);
            }

            if (gone || _time.GetElapsedTime(known.Since, now) > Life)
            {
                ended.Add((lease, beats));
            }
        }

        foreach (var gone in _others.Keys.Except(all.Select(static one => one.Lease)).ToList())
        {
            _others.Remove(gone);
        }

        _isFirst = all.Min(static one => one.Lease) == _id;
        return ended;
    }

    private async Task SweepAsync(PostgreSqlLink link, string ended, long? beats)
    {
        for (var more = true; more;)
        {
            var names = Array.Empty<string>();
            (names, more) = await new Statement(
                "SELECT names, more FROM tidings.sweep_1($1, coalesce($2, (SELECT beats FROM tidings.nodes WHERE lease = $1)), $3)", ended, beats ?? Null.Number, _node).RunAsync(link.Database, static async row =>
            {
                await row.ReadAsync().ConfigureAwait(false);
                return (row.Array<string>(0), row.GetBoolean(1));
            }).ConfigureAwait(false);
            foreach (var name in names)
            {
                await _giveBack(link, ended, name).ConfigureAwait(false);
            }
        }

        await new Statement("SELECT pg_notify('tidings', '')").AskAsync(link.Database).ConfigureAwait(false);
    }

    private static async Task<List<(string Lease, long Beats, bool Gone)>> ReadAsync(NpgsqlDataReader rows)
    {
        var all = new List<(string, long, bool)>();
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            all.Add((rows.GetString(0), rows.GetInt64(1), rows.GetBoolean(2)));
        }

        return all;
    }

    [LoggerMessage(730, LogLevel.Warning, "The node renewed its lease in PostgreSQL too late: what it keeps there is written again")]
    private partial void LogEnded();

    [LoggerMessage(731, LogLevel.Information, "The lease {Lease} of another node has expired: what it left in PostgreSQL was removed")]
    private partial void LogSwept(string lease);
}
