using System.Collections.Concurrent;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.Tasks;

/// <summary>Tells tasks' states in their channels: the newest of each, not oftener than wanted, and the final one at once. Safe from any thread.</summary>
/// <remarks>The store is the truth and this its echo. What a node could not tell before it died, another one tells when the task is due.</remarks>
internal sealed class TaskEcho(IBroker broker, ITaskStore store, TaskOutputs outputs, TaskOptions options, TimeProvider time, TaskOutages outages)
{
    // A repeat of the final state within the broker's window is no second one.
    private const string FinalKey = "final";

    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<string, TaskVoice> _voices = new(StringComparer.Ordinal);

    /// <summary>Tasks that something is being told of.</summary>
    public int Voices => _voices.Count;

    /// <summary>Takes a task's newest record, and what its worker logged.</summary>
    public void Offer(TaskRecord record, IReadOnlyList<string>? lines = null)
    {
        while (!_voices.GetOrAdd(record.Id, Begin).TryOffer(record, lines ?? []))
        {
        }
    }

    /// <summary>Sees to it that who subscribes to the task's channel with <c>last: 1</c> finds the state: a log may be younger than a task.</summary>
    public async ValueTask EnsureAsync(TaskRecord record, CancellationToken cancellationToken)
    {
        var part = await broker.ReadAsync(TaskId.ChannelOf(record.Id), new HistoryRequest(null, Last: 1), cancellationToken).ConfigureAwait(false);
        var told = part.Messages is not [.., { Kind: MessageKind.Message }] ? null : TaskStateJson.Read(part.Messages[^1].Data.ToJson().Span);
        if (told is null || (record.State.IsFinal && !told.IsFinal))
        {
            // Also where the final state was told before, and a late report of another node stands behind it: a repeat would not be entered.
            await PublishAsync(record, once: false).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the output, tells the final state, and notes in the store that it was told.</summary>
    /// <param name="record">The task.</param>
    /// <param name="once">Whether it is passed over in the channel where it was told already.</param>
    public async ValueTask AnnounceAsync(TaskRecord record, bool once = true)
    {
        await outputs.EndAsync(record).ConfigureAwait(false);
        await PublishAsync(record, once).ConfigureAwait(false);
        await store.TryReplaceAsync(record.Next(record.State) with { Announced = true }, record.Version, options.Retention).ConfigureAwait(false);
    }

    /// <summary>Waits until the final states that were offered have been told.</summary>
    public Task SettleAsync() => Task.WhenAll(_voices.Values.Select(static voice => voice.SettleAsync()));

    /// <summary>The record as the store has it now, where that is a later one.</summary>
    public async ValueTask<TaskRecord> FindNewestAsync(TaskRecord record) =>
        !record.State.IsFinal && await store.FindAsync(record.Id).ConfigureAwait(false) is { } newest && newest.Version > record.Version ? newest : record;

    /// <summary>Tells a state.</summary>
    /// <param name="record">The task.</param>
    /// <param name="once">Whether a final state that was told already is passed over.</param>
    public ValueTask<StreamPosition?> PublishAsync(TaskRecord record, bool once = true) => broker.PublishAsync(
        new Publication(TaskId.ChannelOf(record.Id), new MessageData(DataKind.Json, TaskStateJson.Write(record.State)))
        {
            IdempotencyKey = once && record.State.IsFinal ? FinalKey : null,
            Retention = new Retention(1, record.State.IsFinal ? options.Retention : LongestAge),
        });

    /// <summary>Tells what a worker logged.</summary>
    public ValueTask<StreamPosition?> PublishAsync(string id, IReadOnlyList<string> lines, long dropped) => broker.PublishAsync(
        new Publication(TaskId.LogOf(id), new MessageData(DataKind.Json, WriteLines(lines, dropped))) { Retention = Retention.Default });

    private TaskVoice Begin(string id) =>
        new(this, id, time, TimeSpan.FromSeconds(1) / options.UpdatesPerSecond, outages, voice => _voices.TryRemove(new KeyValuePair<string, TaskVoice>(id, voice)));

    private static byte[] WriteLines(IReadOnlyList<string> lines, long dropped)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("lines"u8);
        foreach (var line in lines)
        {
            frame.Writer.WriteStringValue(line);
        }

        frame.Writer.WriteEndArray();
        if (dropped > 0)
        {
            frame.Writer.WriteNumber("dropped"u8, dropped);
        }

        return frame.EndJson().ToArray();
    }
}
