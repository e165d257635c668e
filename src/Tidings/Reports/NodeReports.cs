using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Nodes;

namespace Tidings.Reports;

/// <summary>Publishes what this node does, once a second, for as long as somebody on any node wants to know; otherwise it costs nothing. Reports are not among
/// the publishes that are counted. Safe from any thread.</summary>
internal sealed class NodeReports(Hub hub, IBroker broker, INodes nodes, NodeFigures figures, TimeProvider time) : IDisposable
{
    /// <summary>Where reports are published: no name that a client, a token or the server API could say.</summary>
    public const string Channel = "\u0002reports";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // How long a node goes on after it was asked, and how many reports of its own it makes before it asks again.
    private static readonly TimeSpan AskedFor = TimeSpan.FromSeconds(10);
    private const int AskEach = 3;

    // Reports that wait for one who reads slowly; the oldest are left out.
    private const int MostWaiting = 64;

    private static readonly NodeRequest Ask = new(NodeAction.Report, NodeTarget.AllClients, "");

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private long _askedAt = long.MinValue;
    private int _watchers;
    private bool _running;

    /// <summary>Reports of all nodes, as JSON, from now on.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listener = new Listener();
        hub.Listen(listener, Channel);
        Begin(watchers: 1);
        try
        {
            await foreach (var report in listener.Queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return report;
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers--;
            }

            hub.EndListening(listener, Channel);
        }
    }

    /// <summary>Another node wants to know: reports are published for a while, whether or not somebody listens.</summary>
    public void GoOn()
    {
        Volatile.Write(ref _askedAt, time.GetTimestamp());
        Begin(watchers: 0);
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private void Begin(int watchers)
    {
        lock (_gate)
        {
            _watchers += watchers;
            if (_running || _ended.IsCancellationRequested)
            {
                return;
            }

            _running = true;
        }

        _ = RunAsync(_ended.Token);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var rates = figures.Begin();
        using var timer = new PeriodicTimer(Every, time);
        var round = 0;
        while (await TickAsync(timer, cancellationToken).ConfigureAwait(false) && GoesOn(out var watched))
        {
            if (watched && round++ % AskEach == 0)
            {
                await AskAsync(cancellationToken).ConfigureAwait(false);
            }

            await PublishAsync(figures.Read(rates), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask<bool> TickAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private bool GoesOn(out bool watched)
    {
        lock (_gate)
        {
            watched = _watchers > 0;
            var asked = Volatile.Read(ref _askedAt);
            return _running = watched || (asked != long.MinValue && time.GetElapsedTime(asked) < AskedFor);
        }
    }

    // Again and again: nodes come, and links to them break.
    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            await broker.ListenAsync(Channel, cancellationToken).AsTask().WaitAsync(Every, time, cancellationToken).ConfigureAwait(false);
            await nodes.TellAsync(Ask).WaitAsync(Every, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsAway(error))
        {
            // The report says that the others cannot be reached.
        }
    }

    private async Task PublishAsync(NodeReport report, CancellationToken cancellationToken)
    {
        var data = new MessageData(DataKind.Json, JsonSerializer.SerializeToUtf8Bytes(report, NodeReportJson.Default.NodeReport));
        try
        {
            var publishing = broker.PublishAsync(new Publication(Channel, data) { Ephemeral = true }, cancellationToken).AsTask();
            await publishing.WaitAsync(Every, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsAway(error))
        {
            // Who watches this node still sees it.
            hub.Deliver(new Message { Channel = Channel, Position = default, Time = report.Time, Data = data });
        }
    }

    private static bool IsAway(Exception error) => error is BrokerUnavailableException or TimeoutException or OperationCanceledException;

    private sealed class Listener : IMessageListener
    {
        public Channel<ReadOnlyMemory<byte>> Queue { get; } = System.Threading.Channels.Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

        public void Offer(Message message) => Queue.Writer.TryWrite(message.Data.Bytes);
    }
}
