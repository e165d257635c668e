using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Channels;

namespace Tidings.Redis.Tests.World;

/// <summary>Nodes of one test that share a Redis, or several.</summary>
internal sealed class RedisWorld(string configuration, Action<RedisOptions>? configure = null) : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LogCollector _log = new();
    private readonly List<BrokerNode> _nodes = [];

    /// <summary>What was logged from warnings on.</summary>
    public IReadOnlyCollection<string> Logged => _log.Lines;

    /// <param name="through">Where it reaches Redis instead: a proxy.</param>
    /// <param name="available">Whether Redis can be reached now.</param>
    /// <param name="graceTime">The time by which members leave.</param>
    public async Task<BrokerNode> NodeAsync(string? through = null, bool available = true, TimeProvider? graceTime = null)
    {
        var options = new RedisOptions { Configuration = through ?? configuration };
        configure?.Invoke(options);
        Assert.Empty(options.Faults());
        var hub = new Hub(TimeProvider.System);
        var backplane = new RedisBackplane(options, $"node{_nodes.Count}", hub, TimeProvider.System, _services.GetRequiredService<IMeterFactory>(), _log.CreateLogger("node"), graceTime);
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

/// <summary>One Redis for all tests that don't harm it.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    public RedisServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
