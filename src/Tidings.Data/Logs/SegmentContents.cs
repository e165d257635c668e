using System.Text;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Quotas;

namespace Tidings.Data.Logs;

/// <summary>What one segment says of the logs, without their messages.</summary>
internal sealed class SegmentContents
{
    private const int MostLooks = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, ChannelContents> _channels = new(StringComparer.Ordinal);

    private SegmentContents(Segment segment) => Segment = segment;

    public Segment Segment { get; }

    public SegmentEnding Ending { get; private set; }

    public IReadOnlyDictionary<string, ChannelContents> Channels => _channels;

    public List<FoundKey> Keys { get; } = [];

    /// <summary>What durable messages take, of each sender.</summary>
    public Dictionary<Sender, int> Durable { get; } = [];

    /// <summary>Logs that were forgotten, and marks of those that had been before, in order.</summary>
    public List<(string? Channel, ulong Birth, byte[]? Marks)> Forgotten { get; } = [];

    /// <summary>Messages that were erased, here or in earlier segments; offset 0 for all of a log.</summary>
    public List<(string Channel, ulong Birth, long Offset)> Erased { get; } = [];

    /// <summary>The newest time that something was kept at.</summary>
    public long Newest { get; private set; }

    /// <summary>Whether it says nothing of logs, but which names were forgotten before it was made.</summary>
    public bool IsEmpty => _channels.Count == 0 && Erased.Count == 0 && Forgotten.TrueForAll(static one => one.Marks is not null);

    /// <summary>Reads a segment.</summary>
    /// <param name="segment">The segment, whose end is set to where its last whole record ends.</param>
    public static SegmentContents Read(Segment segment)
    {
        var contents = new SegmentContents(segment);
        (contents.Ending, segment.End) = SegmentReader.Read(segment, contents.Take);
        return contents;
    }

    /// <summary>Reads a segment that a server may write to meanwhile: what looks damaged and goes on a moment later was being written.</summary>
    public static SegmentContents ReadBesideServer(Segment segment)
    {
        var contents = Read(segment);
        for (var look = 0; look < MostLooks && (contents.Ending is SegmentEnding.Damaged or SegmentEnding.Torn); look++)
        {
            Thread.Sleep(Pause);
            var (ending, end) = SegmentReader.Read(segment, static (in _, _, _) => { }, segment.End);
            contents.Ending = end > segment.End ? SegmentEnding.Open : ending;
        }

        return contents;
    }

    private void Take(in Record record, int position, ReadOnlySpan<byte> bytes)
    {
        Segment.Records++;
        switch (record.Type)
        {
            case RecordType.Message or RecordType.Place:
                TakePlace(record, position, Record.BackOf(bytes));
                if (record.IsDurable)
                {
                    Durable[record.Sender] = Durable.GetValueOrDefault(record.Sender) + bytes.Length;
                }

                break;
            case RecordType.Forgotten:
                Forgotten.Add((Encoding.UTF8.GetString(record.Channel), record.Birth, null));
                break;
            case RecordType.Erased:
                Erased.Add((Encoding.UTF8.GetString(record.Channel), record.Birth, record.Offset));
                break;
            case RecordType.Marks:
                Forgotten.Add((null, 0, record.Payload.ToArray()));
                break;
        }
    }

    private void TakePlace(in Record record, int position, int back)
    {
        Newest = Math.Max(Newest, record.Kept);
        var channel = Find(record.Channel);
        if (record.Birth > channel.Birth || channel.Newest == 0)
        {
            channel.Begin(record.Birth);
        }
        else if (record.Birth < channel.Birth)
        {
            return;
        }

        channel.Take(record, position, back);
        if (!record.Key.IsEmpty)
        {
            Segment.KeysUntil = Math.Max(Segment.KeysUntil, record.KeyUntil);
            Keys.Add(new FoundKey(channel.Name, record.Birth, Encoding.UTF8.GetString(record.Key), record.Offset, record.KeyUntil, record.Sender));
        }
    }

    private ChannelContents Find(ReadOnlySpan<byte> name)
    {
        const int Short = 256;
        Span<char> text = name.Length <= Short ? stackalloc char[Short] : new char[name.Length];
        text = text[..Encoding.UTF8.GetChars(name, text)];
        var lookup = _channels.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out var channel))
        {
            var made = text.ToString();
            _channels.Add(made, channel = new ChannelContents(made, Segment));
        }

        return channel;
    }
}

/// <summary>An idempotency key that was found.</summary>
internal readonly record struct FoundKey(string Channel, ulong Birth, string Key, long Offset, long Until, Sender Sender);

/// <summary>What one segment says of one log: the newest of those that the name had.</summary>
internal sealed class ChannelContents(string name, Segment segment)
{
    public string Name => name;

    public Segment Segment => segment;

    public ulong Birth { get; private set; }

    /// <summary>The newest offset; 0 before the first.</summary>
    public long Newest { get; private set; }

    /// <summary>What the newest record said.</summary>
    public long First { get; private set; }

    public Retention Retention { get; private set; } = Retention.Default;

    public Sender Sender { get; private set; }

    /// <summary>Runs of messages, in the order of the file.</summary>
    public List<Extent> Runs { get; } = [];

    /// <summary>What it says of the channel's state; null where that is nothing.</summary>
    public FoundState? State { get; private set; }

    public void Begin(ulong birth)
    {
        (Birth, Newest, State) = (birth, 0, null);
        Runs.Clear();
    }

    public void Take(in Record record, int position, int back)
    {
        if (record.Type == RecordType.Message)
        {
            if (back > 0 && Runs is [.., var run] && run.Precedes(segment, record.Offset) && run.AnchorPosition == position - back)
            {
                run.Extend(record.Offset, position, record.Kept);
            }
            else
            {
                Runs.Add(new Extent(segment, record.Offset, position, record.Kept));
            }
        }

        if (record.Change != StateChange.None)
        {
            (State ??= new FoundState()).Take(record, position);
        }

        if (record.Offset >= Newest)
        {
            (Newest, First, Retention, Sender) = (record.Offset, record.First, record.Retention, record.Sender);
        }
    }
}
