using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Nodes;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.PostgreSql.Cluster;

/// <summary>What was revoked, so that all nodes know of it; a node that was away hears of it before it hears anything else.</summary>
internal sealed partial class RevocationLog : IRevocationLog
{
    // No channel has such a name.
    private const string Name = "\u0003revoked";
    private const string Kept = "revoked";
    private const int MostAtOnce = 500;

    private readonly PostgreSqlServer _server;
    private readonly Func<Task> _settle;
    private readonly ClusterSeal _seal;
    private readonly PostgreSqlMetrics _metrics;
    private readonly ILogger _log;

    // Whether the table may lack what this node knows.
    private volatile bool _isBehind;

    /// <param name="server">Where.</param>
    /// <param name="settle">Completes once all that the node has asked of others before is on its way.</param>
    /// <param name="seal">Seals what is told.</param>
    /// <param name="metrics">What counts.</param>
    /// <param name="log">Where it logs.</param>
    public RevocationLog(PostgreSqlServer server, Func<Task> settle, ClusterSeal seal, PostgreSqlMetrics metrics, ILogger log)
    {
        (_server, _settle, _seal, _metrics, _log) = (server, settle, seal, metrics, log);
        server.Hear(Name, Take);
        server.OnConnected.Insert(0, CatchUpAsync);
        server.OnTick.Add(LookAsync);
    }

    /// <summary>Whose connections end; null where the node has none.</summary>
    public ConnectionRegistry? Connections { get; set; }

    public async Task ShareAsync(Revocation revocation)
    {
        try
        {
            // Whoever was asked to end connections says how many they were, before the revocation ends them.
            var link = await _server.GetLinkAsync().ConfigureAwait(false);
            await _settle().ConfigureAwait(false);
            await TellAsync(link, [revocation]).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException error)
        {
            // It is put in when the server is back, or takes writes again.
            _isBehind = true;
            throw new BrokerUnavailableException("PostgreSQL is away: this node alone knows of the revocation, and tells the others when it is back.", error);
        }
    }

    private async Task TellAsync(PostgreSqlLink link, IReadOnlyList<Revocation> revocations)
    {
        await new Statement(
            "SELECT tidings.revoke_1($1, $2, $3, $4, $5)",
            revocations.Select(static one => SHA256.HashData(Encoding.UTF8.GetBytes(RevocationText.Member(one)))).ToArray(),
            revocations.Select(static one => one.At).ToArray(),
            revocations.Select(one => _seal.Seal(Kept, RevocationText.Timed(one))).ToArray(),
            2 * Revocations.Most,
            _seal.Seal(Name, RevocationText.Encode(revocations))).AskAsync(link.Database).ConfigureAwait(false);
        await new Statement("SELECT pg_notify('tidings', '')").AskAsync(link.Database).ConfigureAwait(false);
    }

    // The news were begun before: what is revoked between the two is in both.
    private async Task CatchUpAsync(PostgreSqlLink link)
    {
        if (Connections is not { } connections)
        {
            return;
        }

        var found = await new Statement("SELECT at, content FROM tidings.revoked").RunAsync(link.Database, static async rows =>
        {
            var all = new List<(long At, byte[] Content)>();
            while (await rows.ReadAsync().ConfigureAwait(false))
            {
                all.Add((rows.GetInt64(0), rows.Bytes(1)));
            }

            return all;
        }).ConfigureAwait(false);
        var lacking = connections.Revocations.All.ToHashSet();
        var news = false;
        foreach (var (at, content) in found)
        {
            if (_seal.TryOpen(Kept, content, out var timed) && RevocationText.Read(timed.Span, at.ToString(CultureInfo.InvariantCulture)) is { } revocation)
            {
                lacking.Remove(revocation);
                news |= connections.Revocations.Add(revocation);
            }
            else
            {
                _metrics.Dropped("revocations");
            }
        }

        if (news)
        {
            await EndAsync(connections).ConfigureAwait(false);
        }

        _isBehind = true;
        try
        {
            foreach (var some in lacking.Chunk(MostAtOnce))
            {
                await TellAsync(link, some).ConfigureAwait(false);
            }

            _isBehind = false;
        }
        catch (BrokerUnavailableException error) when (error.Refusal is not null)
        {
            // What the others know this node knows; what they lack they are told once it can be written.
            _server.Failed(link, error);
        }
    }

    private Task LookAsync(PostgreSqlLink link) => _isBehind && Connections is { Revocations.IsEmpty: false } ? CatchUpAsync(link) : Task.CompletedTask;

    private void Take(byte[] published)
    {
        if (!_seal.TryOpen(Name, published, out var content) || RevocationText.Decode(content) is not { } revocations)
        {
            if (_metrics.Dropped("revocations"))
            {
                LogDropped(published.Length);
            }

            return;
        }

        if (Connections is not { } connections)
        {
            return;
        }

        var news = false;
        foreach (var revocation in revocations)
        {
            news |= connections.Revocations.Add(revocation);
        }

        if (news)
        {
            _ = EndAsync(connections);
        }
    }

    private static Task EndAsync(ConnectionRegistry connections) => Task.WhenAll(
        new[] { DisconnectCode.DisconnectedByServer, DisconnectCode.Unavailable }.Select(
            code => connections.EndAsync(identity => connections.Revocations.EndOf(identity) == code, code, drop: true)));

    [LoggerMessage(740, LogLevel.Warning, "Dropped {Bytes} bytes in PostgreSQL among revocations: not a revocation")]
    private partial void LogDropped(int bytes);
}
