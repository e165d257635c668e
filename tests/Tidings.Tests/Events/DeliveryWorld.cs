using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Options;
using Tidings.Testing;

namespace Tidings.Tests.Events;

/// <summary>One receiver of events in memory, which answers as the test says.</summary>
internal sealed class DeliveryWorld : IEventTarget, IMeterFactory, ILogger, IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<Meter> _meters = [];
    private Task _running = Task.CompletedTask;
    private long _numbers;
    private long _batches;

    public DeliveryWorld(EventLimits? limits = null)
    {
        Store = new MemoryEventStore("node", Time);
        var receiver = new EventReceiver("r", "receiver", EventFilter.Everything, this);

        // In memory it completes at once, and so does adding.
        _ = Store.StartAsync([receiver.Id], limits ?? new EventLimits(100_000, 64 << 20), default);
        Delivery = new EventDelivery(receiver, 0, Store, new EventMetrics(this, static () => 0), Time, this);
        Store.OnAdded = Delivery.Wake;
    }

    public ManualTime Time { get; } = new();

    public MemoryEventStore Store { get; }

    public EventDelivery Delivery { get; }

    /// <summary>How a batch is answered; by default it is taken.</summary>
    public Func<IReadOnlyList<QueuedEvent>, Task<DeliveryOutcome>> Answer { get; set; } = static _ => Task.FromResult(DeliveryOutcome.Delivered);

    /// <summary>Events that were taken, in their order.</summary>
    public ConcurrentQueue<QueuedEvent> Told { get; } = [];

    public IEnumerable<string> Lines => Told.Select(Line);

    public ConcurrentQueue<string> Log { get; } = [];

    public int Requests { get; private set; }

    /// <summary>What was said, and how many events were dropped.</summary>
    public static string Line(QueuedEvent one)
    {
        using var json = one.Parse();
        var data = json.RootElement.GetProperty("data"u8);
        return data.TryGetProperty("count"u8, out var count) ? $"trimmed {count}" : $"{json.RootElement.GetProperty("channel"u8).GetString()} {data.GetProperty("data"u8).GetRawText()}";
    }

    public void Start() => _running = Delivery.RunAsync(_end.Token);

    /// <summary>Somebody says JSON in channels.</summary>
    public void Add(string user, params IEnumerable<(string Channel, string Json)> said) => _ = Store.AddAsync(
        new EventBatch(
            ++_batches,
            [
                .. said.Select(one => new EventChange
                {
                    Kind = EventChangeKind.Tell,
                    Type = EventType.MessagePublished,
                    Subject = new EventSubject { Channel = one.Channel, User = user.Length == 0 ? null : user },
                    Message = new Message { Channel = one.Channel, Position = default, Time = 0, Data = new MessageData(DataKind.Json, Encoding.UTF8.GetBytes(one.Json)) },
                    Receivers = 1,
                    Number = ++_numbers,
                    Time = Time.GetUtcNow().ToUnixTimeMilliseconds(),
                }),
            ],
            HoldsAll: false,
            Dropped: 0),
        default);

    /// <summary>Lets time pass, in steps and not while a batch is under way, until something is so.</summary>
    /// <returns>How long that took by the clock of the test.</returns>
    public Task<TimeSpan> AdvanceUntilAsync(Func<bool> condition, string what) => AdvanceUntilAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="AdvanceUntilAsync(Func{bool}, string)"/>
    public async Task<TimeSpan> AdvanceUntilAsync(Func<Task<bool>> condition, string what)
    {
        var began = Time.GetTimestamp();
        await Eventually.TrueAsync(
            async () =>
            {
                if (await condition())
                {
                    return true;
                }

                if (Delivery.Describe().UnderWay == 0)
                {
                    Time.Advance(TimeSpan.FromSeconds(0.25));
                }

                return false;
            },
            () => what,
            TimeSpan.FromSeconds(60));
        return Time.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _meters.ForEach(static meter => meter.Dispose());
    }

    TimeSpan IEventTarget.LimitOf(int events) => TimeSpan.FromSeconds(10);

    async Task<DeliveryOutcome> IEventTarget.DeliverAsync(IReadOnlyList<QueuedEvent> events, CancellationToken cancellationToken)
    {
        Requests++;
        var outcome = await Answer(events);
        if (outcome.Result == DeliveryResult.Delivered)
        {
            foreach (var one in events)
            {
                Told.Enqueue(one);
            }
        }

        return outcome;
    }

    Meter IMeterFactory.Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Log.Enqueue(formatter(state, exception));
}
