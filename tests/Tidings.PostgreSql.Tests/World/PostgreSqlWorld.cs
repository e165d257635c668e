using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Engine;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.World;

/// <summary>Nodes of one test that share a database.</summary>
internal sealed class PostgreSqlWorld(string connectionString, Action<PostgreSqlOptions>? configure = null) : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LogCollector _log = new();
    private readonly List<BrokerNode> _nodes = [];

    /// <summary>What was logged from warnings on.</summary>
    public IReadOnlyCollection<string> Logged => _log.Lines;

    /// <summary>Counts what its nodes count.</summary>
    public MetricProbe Probe() => new(_services.GetRequiredService<IMeterFactory>());

    /// <summary>How much is kept of what transactions publish.</summary>
    public Func<string, Retention> RetentionOf { get; set; } = static _ => Retention.Default;

    /// <summary>The most bytes of all streams.</summary>
    public long StreamBytes { get; init; } = 1 << 30;

    /// <param name="through">Where it reaches PostgreSQL instead.</param>
    /// <param name="available">Whether PostgreSQL can be used now.</param>
    /// <param name="graceTime">The time by which members leave.</param>
    public async Task<BrokerNode> NodeAsync(string? through = null, bool available = true, TimeProvider? graceTime = null)
    {
        var options = new PostgreSqlOptions { ConnectionString = through ?? connectionString };
        configure?.Invoke(options);
        Assert.Empty(options.Faults());
        var hub = new Hub(TimeProvider.System);
        var site = new BackplaneSite($"node{_nodes.Count}", hub, TimeProvider.System, new HistoryBudget()) { RetentionOf = channel => RetentionOf(channel), StreamBytes = StreamBytes };
        var backplane = new PostgreSqlBackplane(options, site, _services.GetRequiredService<IMeterFactory>(), _log.CreateLogger("node"), graceTime);
        var node = new BrokerNode(hub, backplane);
        _nodes.Add(node);
        await backplane.StartAsync(CancellationToken.None);
        Assert.True(backplane.IsAvailable == available, string.Join('\n', _log.Lines));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.Backplane.DisposeAsync();
        }

        await _services.DisposeAsync();
    }
}

/// <summary>One database for the tests of a class that don't harm it.</summary>
public sealed class SharedDatabase
{
    public string ConnectionString { get; } = PostgreSqlServer.Shared.CreateDatabase();

    /// <summary>Its name, for statements by <c>psql</c>.</summary>
    public string Name => new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString).Database!;

    /// <summary>Runs a statement by <c>psql</c>, in a transaction by itself, and returns what it prints.</summary>
    public string Query(string sql) => PostgreSqlServer.Shared.Query(Name, sql);
}
