using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Data.Directories;
using Tidings.Data.Files;
using Tidings.Engine;
using Tidings.Redis.Tests.World;

namespace Tidings.Data.Tests.World;

/// <summary>A data directory of a test, and the node that has it.</summary>
internal sealed class DataWorld : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly string _root;

    public DataWorld(TimeProvider? time = null, string? directory = null)
    {
        Time = time ?? new ManualTime();
        _root = directory ?? Path.Combine(Path.GetTempPath(), "tidings-data-" + Guid.NewGuid().ToString("N"));
        Layout = new DataLayout(_root);
    }

    public TimeProvider Time { get; }

    /// <summary>The data directory.</summary>
    public string Root => _root;

    public DataLayout Layout { get; }

    /// <summary>Which start of the machine the next node sees.</summary>
    public string Boot { get; set; } = "first";

    /// <summary>What durable messages of clients may take, in bytes.</summary>
    public long? DurableLimit { get; init; }

    public BrokerNode? Node { get; private set; }

    public DataBackplane Backplane => (DataBackplane)Node!.Backplane;

    /// <summary>Starts a node on the directory, as a process would.</summary>
    public BrokerNode Start()
    {
        var hub = new Hub(Time);
        var boot = Boot;
        var backplane = new DataBackplane(
            new DataOptions(_root) { Boot = () => boot }, new BackplaneSite("node", hub, Time, new HistoryBudget { DurableLimit = DurableLimit }), _services.GetRequiredService<IMeterFactory>(), NullLogger.Instance);
        return Node = new BrokerNode(hub, backplane);
    }

    public async Task StopAsync()
    {
        if (Node is { } node)
        {
            Node = null;
            await node.Backplane.DisposeAsync();
        }
    }

    public async Task<BrokerNode> RestartAsync()
    {
        await StopAsync();
        return Start();
    }

    /// <summary>What would be there had the process been killed at this moment: the directory as the operating system has it.</summary>
    public DataWorld Kill()
    {
        var copy = new DataWorld(Time) { Boot = Boot, DurableLimit = DurableLimit };
        Directory.CreateDirectory(copy.Layout.Logs);
        foreach (var file in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy._root, Path.GetRelativePath(_root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (file != Layout.Lock)
            {
                File.Copy(file, target);
            }
        }

        return copy;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }
}
