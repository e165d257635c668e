using Tidings.Brokers;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.World;

/// <summary>Stands between broker and hub and notes what the log is.</summary>
internal sealed class WitnessSink(RunNotes ledger, IMessageSink inner) : IMessageSink
{
    /// <summary>Lets the broker drop logs that have subscribers, as a store does that lost its data.</summary>
    public bool HidesSubscribers { get; set; }

    public void Deliver(string channel, Message message) => inner.Deliver(channel, message);

    public void Deliver(Message message)
    {
        if (message is { Kind: MessageKind.Message, Offset: > 0 })
        {
            var name = Payload.NameOf(System.Text.Encoding.UTF8.GetString(message.Data.Bytes.Span));
            ledger.Of(message.Channel).Appended(new LogEntry(message.Position, name, message.Key, message.Time));
        }

        inner.Deliver(message);
    }

    public void Announce(string channel, StreamPosition top) => inner.Announce(channel, top);

    public bool HasSubscribers(string channel) => !HidesSubscribers && inner.HasSubscribers(channel);
}

/// <summary>Stands before the broker: reads may take their time, and what they say is compared with what the log is.</summary>
internal sealed class WitnessBroker(RunNotes ledger, IBroker inner) : IBroker
{
    private readonly List<TaskCompletionSource> _pending = [];
    private ChannelKinds? _kinds;
    private TimeProvider? _time;

    /// <summary>Says of each read whether it waits before it looks (−1), after it has looked (1), or not (0). Null: never.</summary>
    public Func<int>? Delays { get; set; }

    public int Pending => _pending.Count;

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default) =>
        inner.PublishAsync(publication, cancellationToken);

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default) =>
        inner.EraseAsync(channel, position, cancellationToken);

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => inner.ListenAsync(channel, cancellationToken);

    public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        var delay = Delays?.Invoke() ?? 0;
        if (delay < 0)
        {
            await DelayAsync();
        }

        var part = await inner.ReadAsync(channel, request, cancellationToken);
        Check(channel, request, part);
        if (delay > 0)
        {
            await DelayAsync();
        }

        return part;
    }

    /// <summary>From here on what each read must say is known exactly: nobody publishes meanwhile.</summary>
    public void Watch(ChannelKinds kinds, TimeProvider time)
    {
        _kinds = kinds;
        _time = time;
    }

    /// <summary>Lets one read that waits go on.</summary>
    public void Release(int index)
    {
        var pending = _pending[index];
        _pending.RemoveAt(index);
        pending.SetResult();
    }

    private Task DelayAsync()
    {
        var source = new TaskCompletionSource();
        _pending.Add(source);
        return source.Task;
    }

    private void Check(string channel, HistoryRequest request, HistoryPart part)
    {
        var entries = ledger.Of(channel);
        foreach (var message in part.Messages)
        {
            entries.Saw(message.Position, Payload.NameOf(System.Text.Encoding.UTF8.GetString(message.Data.Bytes.Span)), "a read");
        }

        if (part.Messages.Where((message, index) => message.Position != part.Start with { Offset = part.Start.Offset + 1 + index }).Any())
        {
            entries.Report(Anomaly.Lost, $"a read after {request.Since} of {channel} has a hole");
        }

        if (_kinds is not null && request.Since is { } since && request.Limit is null)
        {
            CheckRecovery(entries, since, part);
        }
    }

    private void CheckRecovery(ChannelNotes entries, StreamPosition since, HistoryPart part)
    {
        var retention = _kinds!.Find(entries.Channel).Retention;
        var oldest = _time!.GetUtcNow().ToUnixTimeMilliseconds() - (long)retention.Age.TotalMilliseconds;
        var all = entries.Log.Where(entry => entry.Position.Epoch == part.Top.Epoch).ToList();
        var kept = all.Count(entry => entry.Time > oldest && entry.Position.Offset > all.Count - retention.Size);
        var whole = since.Epoch == part.Top.Epoch && since.Offset <= all.Count && since.Offset >= all.Count - kept;
        if (part.Recovered && (!whole || part.Messages.Count != all.Count - since.Offset))
        {
            entries.Report(Anomaly.FalseContinuity, $"recovered from {since} though the log has {kept} of {all.Count}");
        }
        else if (!part.Recovered && whole)
        {
            entries.Report(Anomaly.FalseGap, $"not recovered from {since} though the log has {kept} of {all.Count}");
        }
    }
}
