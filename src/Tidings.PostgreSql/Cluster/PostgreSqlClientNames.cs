using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Nodes;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Cluster;

/// <summary>Clients' names over nodes: taken in one step, given back with the node's lease at the latest.</summary>
/// <remarks>In passing: <c>left node 0</c> or <c>replaced node claim</c>, a line break, the name, and where there is a cluster key another line with its seal. While PostgreSQL is away, the node's own names are
/// all it knows of; they are taken anew when it is back, and who had a name longer gives way where another node has taken it.</remarks>
internal sealed partial class PostgreSqlClientNames : IClientNames, ILeased
{
    // No channel has such a name.
    private const string Name = "\u0003clients";
    private const int AtOnce = 256;
    private const int LongestMessage = 1024;
    private const int MostPostponed = 10_000;

    // What is answered in the place of a claim.
    private const long Kept = 0;
    private const long Taken = -1;

    private readonly PostgreSqlServer _server;
    private readonly StatementQueue _statements;
    private readonly string _node;
    private readonly ClusterSeal _seal;
    private readonly PostgreSqlMetrics _metrics;
    private readonly ILogger _log;

    // Names that could not be given back, and by which claim they were had.
    private readonly ConcurrentQueue<(string Client, long Claim)> _postponed = new();
    private volatile bool _isBehind;

    public PostgreSqlClientNames(PostgreSqlServer server, StatementQueue statements, string node, ClusterSeal seal, PostgreSqlMetrics metrics, ILogger log)
    {
        (_server, _statements, _node, _seal, _metrics, _log) = (server, statements, node, seal, metrics, log);
        server.Hear(Name, Take);
    }

    /// <summary>The clients of this node; null where it has none.</summary>
    public ClientRegistry? Clients { get; set; }

    /// <summary>The node's lease. Set before anybody has a name.</summary>
    public NodeLease? Lease { get; set; }

    public async Task<NameClaim> ClaimAsync(string client, int right, DuplicateClients duplicates)
    {
        if (_server.Link is not { } link)
        {
            return default;
        }

        try
        {
            return await ClaimAsync(link, Lease!.Id, ended: "", client, right, duplicates, again: false).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            _isBehind = true;
            return default;
        }
    }

    public bool TryRelease(string client, long claim)
    {
        if (_server.Link is not { } link)
        {
            Postpone(client, claim);
            return false;
        }

        _ = ReleaseAsync(link, client, claim);
        return true;
    }

    /// <summary>Gives back a name that was had under a lease that has ended.</summary>
    public Task GiveBackAsync(PostgreSqlLink link, string ended, string client) => ReleaseAsync(link, ended, client, null, "left");

    public async Task PutAsync(PostgreSqlLink link, string lease, string ended)
    {
        _isBehind = false;
        if (Clients is not { } clients)
        {
            return;
        }

        foreach (var some in clients.All.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(client => ReclaimAsync(link, lease, ended, clients, client))).ConfigureAwait(false);
        }

        // After the names that are had are claimed anew: a claim that was made since is not given back with the one before.
        while (_postponed.TryPeek(out var name))
        {
            await ReleaseAsync(link, lease, name.Client, name.Claim, "swept").ConfigureAwait(false);
            _postponed.TryDequeue(out _);
        }
    }

    public Task KeepAsync(PostgreSqlLink link, string lease) => _isBehind ? PutAsync(link, lease, ended: "") : Task.CompletedTask;

    // Given back when PostgreSQL can be reached: otherwise the name would be this node's for as long as the node runs.
    private void Postpone(string client, long claim)
    {
        if (_postponed.Count < MostPostponed)
        {
            _postponed.Enqueue((client, claim));
            _isBehind = true;
        }
    }

    private async Task ReleaseAsync(PostgreSqlLink link, string client, long claim)
    {
        try
        {
            await ReleaseAsync(link, Lease!.Id, client, claim, "left").ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Those of this node are told now, the others when PostgreSQL is back.
            Postpone(client, claim);
            Clients?.TellLeft(client);
        }
    }

    private Task ReleaseAsync(PostgreSqlLink link, string lease, string client, long? claim, string word) => _statements.AskAsync(
        link, new Statement("SELECT tidings.release_1($1, $2, $3, $4, $5, $6)", lease, claim ?? Null.Number, client, word, _node, SealLine(word, client)));

    private async Task<NameClaim> ClaimAsync(PostgreSqlLink link, string lease, string ended, string client, int right, DuplicateClients duplicates, bool again)
    {
        var statement = new Statement("SELECT tidings.claim_1($1, $2, $3, $4, $5, $6, $7, $8)", lease, ended, client, duplicates.ToString(), again, right, _node, SealLine("replaced", client));
        return (long)(await _statements.AskAsync(link, statement).ConfigureAwait(false))! switch
        {
            Kept => new NameClaim(0, DisconnectCode.TooManyConnections),
            Taken => new NameClaim(0, DisconnectCode.NameTaken),
            var claim => new NameClaim(claim),
        };
    }

    private async Task ReclaimAsync(PostgreSqlLink link, string lease, string ended, ClientRegistry clients, string client)
    {
        if (clients.RightOf(client) is not { } right)
        {
            return;
        }

        var (claim, refusal) = await ClaimAsync(link, lease, ended, client, right, clients.Duplicates, again: true).ConfigureAwait(false);
        if (refusal is { } code)
        {
            // Whoever has it now is newer, or has the better right: to those who lose it, it is the same.
            clients.GiveUp(client, long.MaxValue, clients.Duplicates == DuplicateClients.Refuse && code == DisconnectCode.TooManyConnections ? code : DisconnectCode.Replaced);
            return;
        }

        clients.Renew(client, claim);
        if (!clients.Contains(client))
        {
            // It went in between, and what was given back was the claim before.
            await ReleaseAsync(link, lease, client, null, "left").ConfigureAwait(false);
        }
    }

    private void Take(byte[] published)
    {
        if (!TryRead(published, out var word, out var node, out var claim, out var client, out var mark) || !_seal.Holds(Name, Sealed(word, node, client), mark))
        {
            if (_metrics.Dropped("clients"))
            {
                LogDropped(published.Length);
            }

            return;
        }

        switch (word)
        {
            case "left":
            case "swept" when node != _node:
                Clients?.TellLeft(client);
                break;
            case "replaced" when node != _node:
                Clients?.GiveUp(client, claim, DisconnectCode.Replaced);
                break;
        }
    }

    // PostgreSQL alone knows the claim, and no key: the seal is of the rest.
    private string SealLine(string word, string client) => _seal.Mark(Name, Sealed(word, _node, client)) is { } mark ? "\n" + mark : "";

    private static byte[] Sealed(string word, string node, string client) => Encoding.UTF8.GetBytes($"{word} {node}\n{client}");

    private static bool TryRead(byte[] published, out string word, out string node, out long claim, out string client, out byte[] mark)
    {
        word = node = client = "";
        mark = [];
        claim = 0;
        if (published.Length > LongestMessage || !System.Text.Unicode.Utf8.IsValid(published))
        {
            return false;
        }

        var lines = Encoding.UTF8.GetString(published).Split('\n');
        var words = lines[0].Split(' ');
        if (lines.Length is not (2 or 3) || (lines.Length == 3 && !ClusterSeal.IsMark(lines[2])) || words.Length != 3 || words[0] is not ("left" or "swept" or "replaced")
            || !long.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out claim) || !ChannelName.IsValidRoom(lines[1]))
        {
            return false;
        }

        (word, node, client) = (words[0], words[1], lines[1]);
        mark = lines.Length == 3 ? Encoding.UTF8.GetBytes(lines[2]) : [];
        return true;
    }

    [LoggerMessage(750, LogLevel.Warning, "Dropped {Bytes} bytes in PostgreSQL about clients: not a message of a node")]
    private partial void LogDropped(int bytes);
}
