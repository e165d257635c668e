using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>A node's engine of tasks on manual time, with a store and a broker in memory.</summary>
public abstract class TaskEngineWorld : IAsyncDisposable
{
    private protected static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private protected readonly ManualTime _time = new();
    private protected readonly Hub _hub;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private protected readonly MemoryBroker _broker;
    private protected readonly MemoryTaskStore _store;
    private protected readonly LogCollector _log = new();
    private protected readonly List<TaskState> _told = [];
    private protected TaskOptions _options = new() { Parallelism = 2, QueueLength = 2, Retention = TimeSpan.FromMinutes(1) };
    private protected TaskEngine? _engine;
    private StreamEngine? _streams;

    private protected TaskEngineWorld()
    {
        _hub = new Hub(_time);
        _broker = new MemoryBroker(_hub, _time);
        _store = new MemoryTaskStore(_time, 1024 * 1024);
    }

    private protected StreamEngine Streams => _streams ??= new StreamEngine(StreamsOfEngine, new StreamOptions(), new StreamSignals(_hub, _broker, isShared: false, _time), new OwnClock(_time), _time, _log.CreateLogger("streams"));

    /// <summary>Where outputs are kept.</summary>
    private protected virtual IStreamStore StreamsOfEngine { get; } = new MemoryStreamStore(new SenderShares(1024 * 1024));

    private protected TaskEngine Engine => _engine ??= NewEngine();

    /// <summary>What stands between the engine and its store.</summary>
    private protected virtual ITaskStore StoreOfEngine => _store;

    /// <summary>What stands between the engine and its broker.</summary>
    private protected virtual IBroker BrokerOfEngine => _broker;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_engine is not null)
        {
            await _engine.StopAsync(CancellationToken.None);
            _engine.Dispose();
        }

        _streams?.Dispose();
        _broker.Dispose();
        await _services.DisposeAsync();
    }

    private protected List<TaskState> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    private protected TaskEngine NewEngine() => new(_options, StoreOfEngine, BrokerOfEngine, _hub, new ChannelKinds(), Streams, null, System.Text.Json.JsonSerializerOptions.Web, "node", _time, _services.GetRequiredService<IMeterFactory>(), _log.CreateLogger("tasks"));

    private protected static Task<ReadOnlyMemory<byte>> Result(string json) => Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(json));

    private protected static (WorkStatus, string?) Ended(TaskState state) => (state.Status, state.Error);

    private protected void Kind(string name, TaskBody body) => Engine.Starting.Add(new TaskKind(name, body));

    private protected Task<TaskState> StartAsync(string name, string? json = null, string? id = null) =>
        Engine.Facade.StartJsonAsync(name, Encoding.UTF8.GetBytes(json ?? ""), new TaskStartOptions { Id = id });

    private protected async Task ReportAsync(string id, TaskReport report) => Assert.True((await Engine.Registry.ReportAsync(id, report, default)).IsAccepted);

    private protected Task StatusAsync(string id, WorkStatus status) =>
        Eventually.TrueAsync(async () => (await _store.FindAsync(id))?.State.Status == status, () => $"task {id} is {status}");

    private protected void Listen(string id) => _hub.Listen(new Ear(_told), TaskId.ChannelOf(id));

    // Time goes on meanwhile, where it is to.
    private protected async Task<TaskState> EndAsync(string id, TimeSpan? step = null)
    {
        TaskState? state = null;
        await Eventually.TrueAsync(async () =>
        {
            _time.Advance(step ?? Tick);
            state = (await _store.FindAsync(id))?.State;
            return state is { IsFinal: true };
        }, () => $"{state} has ended");
        return state!;
    }

    private sealed class Ear(List<TaskState> told) : IMessageListener
    {
        public void Offer(Message message)
        {
            lock (told)
            {
                told.Add(TaskStateJson.Read(message.Data.ToJson().Span)!);
            }
        }
    }
}
