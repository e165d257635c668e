using Tidings.Protocol.Replies;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Tasks;

/// <summary>Outputs of tasks: each a stream beside the task's state, which ends with it. Safe from any thread.</summary>
internal sealed class TaskOutputs(StreamEngine streams, ITaskStore store, TaskOptions options)
{
    /// <summary>What stands before the names of streams that are outputs.</summary>
    public const string Prefix = "tasks/";

    private const string Suffix = "/output";

    // So much of it is shown at once.
    private const int MostShown = 16 * 1024;

    public StreamSignals Signals => streams.Signals;

    /// <summary>The most bytes of one chunk.</summary>
    public int LargestChunk => (int)streams.Options.AppendBytes;

    public static string NameOf(string id) => Prefix + id + Suffix;

    /// <summary>The task in the name of an output; null where it is another stream.</summary>
    public static string? IdOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Prefix.Length + Suffix.Length ? name[Prefix.Length..^Suffix.Length] : null;

    /// <summary>Appends a chunk. The first one begins the output, and says what it is.</summary>
    /// <param name="id">The task.</param>
    /// <param name="chunk">The bytes.</param>
    /// <param name="offset">Where they stand; null for the end.</param>
    /// <param name="isBinary">Whether an output that begins here is no text.</param>
    public async ValueTask<StreamAppended> AppendAsync(string id, ReadOnlyMemory<byte> chunk, long? offset, bool isBinary)
    {
        var name = NameOf(id);
        var append = new StreamAppend(Sender.Server, chunk) { Offset = offset, IsChecked = true };
        while (true)
        {
            var appended = await streams.AppendAsync(name, append, options.OutputBytes).ConfigureAwait(false);
            if (appended.Verdict != StreamVerdict.NotFound || await store.FindAsync(id).ConfigureAwait(false) is not { } record)
            {
                return appended;
            }

            if (record.State.IsFinal || offset > 0)
            {
                return new StreamAppended(record.State.IsFinal ? StreamVerdict.Closed : StreamVerdict.OtherPlace, null);
            }

            var made = await streams.CreateAsync(name, new StreamCreation(Sender.Server) { ContentType = isBinary ? StreamContentType.Binary : StreamContentType.Text }).ConfigureAwait(false);
            if (made.Made is not (StreamMade.Yes or StreamMade.Exists or StreamMade.Conflict))
            {
                return new StreamAppended(StreamVerdict.Full, null);
            }

            await EndIfOverAsync(id).ConfigureAwait(false);
        }
    }

    /// <summary>Ends a task's output as the task has ended. Before the end of the task is told: who has heard of that finds the output whole.</summary>
    public async ValueTask EndAsync(TaskRecord record)
    {
        var failure = record.State.Status == WorkStatus.Completed ? null : record.State.Status.ToWire();
        var ended = await streams.AppendAsync(NameOf(record.Id), new StreamAppend(Sender.Server, default) { Closes = true, Failure = failure }).ConfigureAwait(false);
        if (ended.Verdict == StreamVerdict.NotFound)
        {
            // Who waits for its beginning sees that there is none.
            Signals.Tell(NameOf(record.Id));
        }
    }

    /// <summary>Forgets an output, as its task is.</summary>
    public ValueTask RemoveAsync(string id) => streams.ForgetAsync(NameOf(id));

    /// <summary>Reads a part of an output.</summary>
    /// <returns>Null where there is no such task.</returns>
    public async ValueTask<OutputPart?> ReadAsync(string id, long from, int most, CancellationToken cancellationToken = default)
    {
        var part = await streams.ReadAsync(NameOf(id), from, most, cancellationToken).ConfigureAwait(false);
        if (part is null)
        {
            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
            {
                return null;
            }

            // It may have begun, and ended, since.
            part = record.State.IsFinal ? await streams.ReadAsync(NameOf(id), from, most, cancellationToken).ConfigureAwait(false) : null;
            if (part is null)
            {
                return new OutputPart(default, 0, 0, IsText: true, record.State.IsFinal ? record.State.Status.ToWire() : null);
            }
        }

        var (head, bytes) = (part.Value.Head, part.Value.Bytes);
        var isText = StreamContentType.IsText(head.ContentType);
        if (isText && !part.Value.IsEnd)
        {
            bytes = bytes[..Utf8Cut.WholeLength(bytes.Span)];
        }

        return new OutputPart(bytes, part.Value.From, head.Length, isText, part.Value.IsEnd ? head.Failure ?? WorkStatus.Completed.ToWire() : null);
    }

    // An output that begins when its task has ended has nobody else who ends it, and its viewers were told that it is empty.
    private async ValueTask EndIfOverAsync(string id)
    {
        if (await store.FindAsync(id).ConfigureAwait(false) is not { } record)
        {
            await RemoveAsync(id).ConfigureAwait(false);
        }
        else if (record.State.IsFinal)
        {
            await EndAsync(record).ConfigureAwait(false);
        }
    }

    /// <summary>What viewers of a task are shown of its output, one part after the other.</summary>
    public IStreamFrames FramesOf(string id) => new Frames(this, id);

    private sealed class Frames(TaskOutputs outputs, string id) : IStreamFrames
    {
        public string Name => NameOf(id);

        public async ValueTask<StreamFrame?> NextAsync(long from, CancellationToken cancellationToken)
        {
            if (await outputs.ReadAsync(id, from, MostShown, cancellationToken).ConfigureAwait(false) is not { } part)
            {
                return new StreamFrame(OutputJson.End(from, "removed"), from, IsLast: true);
            }

            return !part.Bytes.IsEmpty ? new StreamFrame(OutputJson.Part(part), part.Next, IsLast: false) { IsUpToDate = part.Status is null && part.Next == part.Length }
                : part.Status is { } status ? new StreamFrame(OutputJson.End(part.Length, status), from, IsLast: true)
                : null;
        }
    }
}

/// <summary>A part of an output as of one moment.</summary>
/// <param name="Bytes">The bytes; of a text whole characters.</param>
/// <param name="From">Where they stand.</param>
/// <param name="Length">How many the output has.</param>
/// <param name="IsText">Whether it is text.</param>
/// <param name="Status">How the task has ended, where nothing is behind the bytes any more; otherwise null.</param>
internal readonly record struct OutputPart(ReadOnlyMemory<byte> Bytes, long From, long Length, bool IsText, string? Status)
{
    public long Next => From + Bytes.Length;
}

/// <summary>Outputs in the words of the routes of tasks.</summary>
internal static class OutputJson
{
    /// <summary>What every part begins with: where to go on follows.</summary>
    public static ReadOnlySpan<byte> PartBegins => "{\"type\":\"output\",\"next\":"u8;

    public static byte[] Part(OutputPart part)
    {
        var frame = JsonFrame.Begin("output");
        frame.Writer.WriteNumber("next"u8, part.Next);
        frame.Writer.WriteNumber("offset"u8, part.From);
        if (!part.IsText)
        {
            frame.Writer.WriteBase64String("data64"u8, part.Bytes.Span);
        }
        else
        {
            frame.Writer.WriteString("text"u8, System.Text.Encoding.UTF8.GetString(part.Bytes.Span));
        }

        return frame.End();
    }

    public static byte[] End(long offset, string status)
    {
        var frame = JsonFrame.Begin("end");
        frame.Writer.WriteNumber("offset"u8, offset);
        frame.Writer.WriteString("status"u8, status);
        return frame.End();
    }
}
