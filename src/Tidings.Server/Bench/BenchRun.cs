using System.Collections.Concurrent;
using Tidings.Server.Terminal;

namespace Tidings.Server.Bench;

/// <summary>One run: connect, warm up, measure, wait for what is under way, compare.</summary>
internal sealed class BenchRun(BenchPlan plan, CommandOutput output) : IAsyncDisposable
{
    // Handshakes under way at once: enough to keep a server busy, few enough not to be refused by its backlog.
    private const int Handshakes = 64;

    private const int MostReasons = 20;

    private static readonly TimeSpan Tail = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LatencyHistogram _latency = new();
    private readonly ToolLoad _load = new();
    private readonly long[] _refused = new long[plan.Channels];
    private readonly ConcurrentDictionary<string, int> _reasons = new();
    private readonly ConcurrentBag<BenchMember> _members = [];
    private List<BenchMember> _listeners = [];
    private BenchPublisher[] _publishers = [];
    private long _measureFrom = long.MaxValue;
    private long _measureTo = long.MaxValue;
    private long _measured;

    public BenchPlan Plan => plan;

    /// <summary>A message that was sent then has come.</summary>
    public void Delivered(long sent)
    {
        if (sent >= Volatile.Read(ref _measureFrom) && sent < Volatile.Read(ref _measureTo))
        {
            Interlocked.Increment(ref _measured);
            _latency.Add(TimeProvider.System.GetElapsedTime(sent));
        }
    }

    /// <summary>The server refused a command of somebody in this channel.</summary>
    public void Refused(int channel, string text)
    {
        Interlocked.Increment(ref _refused[channel]);
        Note(text);
    }

    public async Task<BenchReport> RunAsync(CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        var time = TimeProvider.System;
        var begin = time.GetTimestamp();
        var from = begin + (long)(plan.WarmUp.TotalSeconds * time.TimestampFrequency);
        var to = from + (long)(plan.Duration.TotalSeconds * time.TimestampFrequency);
        Volatile.Write(ref _measureFrom, from);
        Volatile.Write(ref _measureTo, to);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var load = _load.RunAsync(stop.Token);
        var progress = output.IsLive ? TellAsync(begin, stop.Token) : Task.CompletedTask;
        await Task.WhenAll(_publishers.Select(publisher => Task.Run(() => publisher.RunAsync(begin, to, cancellationToken), cancellationToken)));
        await LastAsync(cancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(load, progress);
        return await ReportAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }
    }

    private long Received => _listeners.Sum(static member => member.Received);

    private long Expected => _publishers.Sum(publisher => publisher.Sent * plan.Receivers(publisher.Channel))
        - _refused.Select((count, channel) => Volatile.Read(ref _refused[channel]) * plan.Receivers(channel)).Sum();

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var made = 0;
        string? why = null;
        var speakers = new BenchMember[plan.Publishers];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Handshakes, CancellationToken = cancellationToken };
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, plan.Connections + plan.Publishers), options, async (index, token) =>
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
                limit.CancelAfter(Patience);
                var speaker = index - plan.Connections;
                var channel = (speaker < 0 ? index : speaker) % plan.Channels;
                try
                {
                    var member = new BenchMember(this, await BenchSocket.ConnectAsync(plan, plan.Path(channel), limit.Token), channel);
                    _members.Add(member);
                    await member.StartAsync(subscribes: speaker < 0 && !plan.Rooms, limit.Token);
                    if (speaker >= 0)
                    {
                        speakers[speaker] = member;
                    }
                }
                catch (IOException error)
                {
                    // The first one ends the others, too.
                    Interlocked.CompareExchange(ref why, error.Message, null);
                    throw;
                }

                var count = Interlocked.Increment(ref made);
                if (output.IsLive && count % 100 == 0)
                {
                    output.Progress($"{count:N0} connections");
                }
            });
        }
        catch (Exception error) when (error is IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            why ??= $"no answer within {Patience.TotalSeconds:0} s";
            throw new CommandException($"Connection {made + 1:N0} of {plan.Connections + plan.Publishers:N0} to {plan.Url} was not made: {why}. A server has limits for an address and for itself: start it with --limits none to measure it.");
        }

        // In a room who speaks hears, too.
        _listeners = [.. _members.Where(member => plan.Rooms || !speakers.Contains(member))];
        _publishers = [.. speakers.Select((member, number) => new BenchPublisher(this, member, number))];
    }

    // Until everything has come, or nothing comes any more.
    private async Task LastAsync(CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var (changed, seen) = (began, Received);
        while (Received < Expected && TimeProvider.System.GetElapsedTime(began) < Tail && TimeProvider.System.GetElapsedTime(changed) < Quiet)
        {
            await Task.Delay(20, cancellationToken);
            if (Received is var now && now != seen)
            {
                (changed, seen) = (TimeProvider.System.GetTimestamp(), now);
            }
        }

        // A reply to a refused command or a double may still be on its way.
        await Task.Delay(100, cancellationToken);
    }

    private async Task TellAsync(long begin, CancellationToken cancellationToken)
    {
        var (told, at) = (0L, begin);
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(1000, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var (received, now) = (Received, TimeProvider.System.GetTimestamp());
            var rate = (received - told) / TimeProvider.System.GetElapsedTime(at, now).TotalSeconds;
            (told, at) = (received, now);
            var phase = TimeProvider.System.GetElapsedTime(begin) < plan.WarmUp ? "warming up" : $"p50 {BenchReport.Time(_latency.At(0.5))}  p99 {BenchReport.Time(_latency.At(0.99))}";
            output.Progress($"{TimeProvider.System.GetElapsedTime(begin).TotalSeconds:0} s  {plan.Connections:N0} connections  {rate:N0} deliveries/s  {phase}");
        }

        output.Progress("");
    }

    private async Task<BenchReport> ReportAsync()
    {
        var closed = 0;
        foreach (var member in _members.Where(static member => member.Ended.IsCompletedSuccessfully))
        {
            closed++;
            Note(await member.Ended);
        }

        return new BenchReport(plan)
        {
            Published = _publishers.Sum(static publisher => publisher.Sent),
            Deliveries = Volatile.Read(ref _measured),
            P50 = _latency.At(0.5),
            P99 = _latency.At(0.99),
            P999 = _latency.At(0.999),
            Most = _latency.Most,
            Lost = Math.Max(0, Expected - Received),
            Doubled = _listeners.Sum(static member => member.Doubled),
            OutOfOrder = _listeners.Sum(static member => member.OutOfOrder),
            Refused = _refused.Sum(),
            Closed = closed,
            Reasons = _reasons.ToDictionary(),
            Processors = _load.Processors,
            Lateness = _load.Lateness,
        };
    }

    private void Note(string reason)
    {
        if (_reasons.Count < MostReasons || _reasons.ContainsKey(reason))
        {
            _reasons.AddOrUpdate(reason, 1, static (_, count) => count + 1);
        }
    }
}
