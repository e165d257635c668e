using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Streams;

namespace Tidings.Tasks;

/// <summary>Tasks, put together.</summary>
internal sealed class TaskEngine : IDisposable
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskLeases _leases;
    private readonly TaskQueue _queue;

    public TaskEngine(
        TaskOptions options, ITaskStore store, IBroker broker, Hub hub, ChannelKinds kinds, StreamEngine streams, FirstMessage? firstMessage, JsonSerializerOptions json, string node, TimeProvider time, IMeterFactory meters, ILogger log)
    {
        Registry = new TaskRegistry(store, broker, new TaskOutputs(streams, store, options), options, time, new TaskMetrics(meters), new TaskOutages(store, time, log));
        _queue = new TaskQueue(Registry, hub, broker, node, time, log);
        Starting = new TaskStarting(Registry, _queue);
        Cancelling = new TaskCancelling(Registry);
        Handler = new TaskHandler(Registry, Cancelling, new TaskWatches(hub), broker, kinds, firstMessage);
        Facade = new TasksFacade(Registry, Starting, Cancelling, hub, broker, json);
        kinds.Overlay = new TaskChannels(Registry, Cancelling);

        // Open unless the application says otherwise, also where channels that no kind matches are closed.
        kinds.SetFeature(new ChannelKind(new ChannelPattern(TaskId.Prefix + "*")));
        _leases = new TaskLeases(store, Registry, _queue, time, log);
    }

    public TaskRegistry Registry { get; }
    public TaskStarting Starting { get; }
    public TaskCancelling Cancelling { get; }
    public TaskHandler Handler { get; }

    /// <summary>What applications see.</summary>
    public ITasks Facade { get; }

    /// <summary>Ends the tasks of this process.</summary>
    /// <param name="cancellationToken">Ends the waiting for those that may finish, which are cancelled then.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Registry.Options.Shutdown == TaskShutdown.Wait)
        {
            await _queue.StopAsync(wait: true).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Code that does not look at its token is left behind; its lease ends.
        await _queue.StopAsync(wait: false).WaitAsync(EndTimeout, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Registry.Echo.SettleAsync().WaitAsync(EndTimeout, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _leases.Dispose();
}
