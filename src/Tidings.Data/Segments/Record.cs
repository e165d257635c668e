using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Quotas;

namespace Tidings.Data.Segments;

internal enum RecordType : byte
{
    /// <summary>A message with its place in its log.</summary>
    Message = 1,

    /// <summary>A place in a log whose message is not in its history: how far the log has come, and perhaps an idempotency key, or an entry of the channel's state.</summary>
    Place = 2,

    /// <summary>A log was forgotten.</summary>
    Forgotten = 3,

    /// <summary>The marks of all names that were forgotten until here.</summary>
    Marks = 4,

    /// <summary>The segment's end: nothing follows.</summary>
    End = 5,

    /// <summary>A message that stands before was erased, or a whole log (offset 0). It holds until all segments that had the bytes are written anew.</summary>
    Erased = 6,
}

/// <summary>
/// A record as it stands in a segment: <c>length</c> of the body, <c>check</c>sum of what follows and of the place, and how far <c>back</c> the log's former record
/// in the same segment is (0: it is another segment's), four bytes each and little-endian; then the body: a byte for the type, the length of the head, the head, the payload.
/// </summary>
/// <remarks>A head can grow at its end: readers pass over what they do not know. A length of 0 is where nothing was written.</remarks>
internal readonly ref struct Record
{
    public const int PrefixLength = 12;

    /// <summary>The largest record that is taken for one.</summary>
    public const int Largest = LogEntry.LargestPayload + (256 << 10);

    private const int CheckStart = sizeof(uint);
    private const int BackStart = 2 * sizeof(uint);
    private const int LongestHeadLength = 3;
    private const int LargestScratch = 128 << 10;
    private const byte ByServer = 0;
    private const byte ByUser = 1;
    private const byte ByAddress = 2;
    private const byte Durable = 1;

    [ThreadStatic]
    private static byte[]? t_scratch;

    public RecordType Type { get; private init; }

    /// <summary>Which of the logs that its name had.</summary>
    public ulong Birth { get; private init; }

    public long Offset { get; private init; }

    /// <summary>The oldest offset that the log kept when this was written, itself included.</summary>
    public long First { get; private init; }

    /// <summary>When it was kept, by the directory's own clock.</summary>
    public long Kept { get; private init; }

    /// <summary>When it was said, in Unix milliseconds.</summary>
    public long Time { get; private init; }

    public Retention Retention { get; private init; }

    public Sender Sender { get; private init; }

    public ReadOnlySpan<byte> Channel { get; private init; }

    /// <summary>The idempotency key; empty where there is none.</summary>
    public ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>Until when the key is remembered.</summary>
    public long KeyUntil { get; private init; }

    /// <summary>What it does to the channel's state.</summary>
    public StateChange Change { get; private init; }

    /// <summary>The key that it sets or takes out; empty where it does neither.</summary>
    public ReadOnlySpan<byte> StateKey { get; private init; }

    /// <summary>Whether it was published as durable.</summary>
    public bool IsDurable { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    /// <summary>Makes a record of a place in a log.</summary>
    /// <param name="type">A message, or a place alone.</param>
    /// <param name="place">The place.</param>
    /// <param name="channel">The log's name.</param>
    /// <param name="line">What <see cref="LogEntry.EncodeLine"/> made of the message; empty where its content is not kept.</param>
    /// <param name="data">The message's data.</param>
    /// <returns>The record, in memory of this thread that the next call takes.</returns>
    public static ReadOnlySpan<byte> Of(RecordType type, scoped in RecordPlace place, string channel, scoped ReadOnlySpan<byte> line, scoped ReadOnlySpan<byte> data)
    {
        var longest = PrefixLength + 1 + LongestHeadLength + (15 * FieldWriter.LongestNumber) + Encoding.UTF8.GetMaxByteCount(channel.Length)
            + (place.Key is null ? 0 : Encoding.UTF8.GetMaxByteCount(place.Key.Length)) + (place.StateKey is null ? 0 : Encoding.UTF8.GetMaxByteCount(place.StateKey.Length))
            + (place.Sender.User is { } named ? Encoding.UTF8.GetMaxByteCount(named.Length) : 0) + line.Length + data.Length;
        var bytes = Scratch(longest);
        var head = new FieldWriter(bytes.AsSpan(PrefixLength + 1 + LongestHeadLength));
        head.Number(place.Birth);
        head.Number(place.Offset);
        head.Number(place.Offset + 1 - place.First);
        head.Number(place.Kept);
        head.Number(place.Time);
        head.Number(place.Retention.Size);
        head.Number((long)place.Retention.Age.TotalMilliseconds);
        WriteSender(ref head, place.Sender);
        head.Text(channel);
        head.Text(place.Key ?? "");
        head.Number(place.Key is null ? 0 : place.KeyUntil);
        if (place.Change != StateChange.None || place.IsDurable)
        {
            head.Byte((byte)place.Change);
            head.Text(place.StateKey ?? "");
        }

        if (place.IsDurable)
        {
            head.Byte(Durable);
        }

        var length = head.Length;
        head.Bytes(line);
        head.Bytes(data);
        bytes[PrefixLength] = (byte)type;

        // As long as the longest, so that it can be written last.
        (bytes[PrefixLength + 1], bytes[PrefixLength + 2], bytes[PrefixLength + 3]) = ((byte)(length | 0x80), (byte)((length >> 7) | 0x80), (byte)(length >> 14));
        return bytes.AsSpan(0, PrefixLength + 1 + LongestHeadLength + head.Length);
    }

    /// <summary>Makes a record that a log is forgotten.</summary>
    public static RecordBytes Forget(string channel, ulong birth)
    {
        Span<byte> head = new byte[Encoding.UTF8.GetMaxByteCount(channel.Length) + (2 * FieldWriter.LongestNumber)];
        var fields = new FieldWriter(head);
        fields.Number(birth);
        fields.Text(channel);
        return Assemble(RecordType.Forgotten, head[..fields.Length], default);
    }

    /// <summary>Makes a record that a message was erased; of offset 0, that all of the log were.</summary>
    public static RecordBytes Erase(string channel, ulong birth, long offset)
    {
        Span<byte> head = new byte[Encoding.UTF8.GetMaxByteCount(channel.Length) + (3 * FieldWriter.LongestNumber)];
        var fields = new FieldWriter(head);
        fields.Number(birth);
        fields.Text(channel);
        fields.Number(offset);
        return Assemble(RecordType.Erased, head[..fields.Length], default);
    }

    /// <summary>Makes a record of marks, or of a segment's end.</summary>
    public static RecordBytes Of(RecordType type, ReadOnlySpan<byte> payload) => Assemble(type, default, payload);

    /// <summary>Writes what a record says of its place, before it is written there.</summary>
    public static void Seal(Span<byte> record, long segment, int position, int back)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - PrefixLength);
        BinaryPrimitives.WriteInt32LittleEndian(record[BackStart..], back);
        BinaryPrimitives.WriteUInt32LittleEndian(record[CheckStart..], Crc32C.Of(segment, position, record[BackStart..]));
    }

    /// <summary>How long the record is that begins here, its prefix included; 0 where none does.</summary>
    public static int LengthOf(ReadOnlySpan<byte> prefix) =>
        BinaryPrimitives.ReadUInt32LittleEndian(prefix) is > 0 and <= Largest and var body ? (int)body + PrefixLength : 0;

    public static int BackOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record[BackStart..]);

    /// <summary>Whether the record is what was written at this place.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> record, long segment, int position) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[CheckStart..]) == Crc32C.Of(segment, position, record[BackStart..]);

    /// <summary>Reads a whole record.</summary>
    /// <returns>False where it is none of this version's.</returns>
    public static bool TryRead(ReadOnlySpan<byte> record, out Record read)
    {
        read = default;
        var outer = new FieldReader(record[PrefixLength..]);
        var type = (RecordType)outer.Byte();
        var head = outer.Text();
        var payload = outer.IsCut ? default : record[(PrefixLength + outer.Position)..];
        var fields = new FieldReader(head);
        switch (type)
        {
            case RecordType.Message or RecordType.Place:
                var (birth, offset) = (fields.Number(), fields.Signed());
                read = new Record
                {
                    Type = type,
                    Birth = birth,
                    Offset = offset,
                    First = offset + 1 - fields.Signed(),
                    Kept = fields.Signed(),
                    Time = fields.Signed(),
                    Retention = new Retention((int)Math.Min(fields.Number(), int.MaxValue), TimeSpan.FromMilliseconds(Math.Min(fields.Number(), (ulong)TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond))),
                    Sender = ReadSender(ref fields),
                    Channel = fields.Text(),
                    Key = fields.Text(),
                    KeyUntil = fields.Signed(),
                    Change = fields.IsAtEnd ? StateChange.None : (StateChange)fields.Byte(),
                    StateKey = fields.IsAtEnd ? default : fields.Text(),
                    IsDurable = !fields.IsAtEnd && (fields.Byte() & Durable) != 0,
                    Payload = payload,
                };
                break;
            case RecordType.Forgotten:
                read = new Record { Type = type, Birth = fields.Number(), Channel = fields.Text() };
                break;
            case RecordType.Erased:
                read = new Record { Type = type, Birth = fields.Number(), Channel = fields.Text(), Offset = fields.Signed() };
                break;
            default:
                read = new Record { Type = type, Payload = payload };
                break;
        }

        return !outer.IsCut && !fields.IsCut;
    }

    private static byte[] Scratch(int length) =>
        length > LargestScratch ? new byte[length]
        : t_scratch is { } scratch && scratch.Length >= length ? scratch
        : t_scratch = new byte[Math.Max(4096, (int)BitOperations.RoundUpToPowerOf2((uint)length))];

    private static void WriteSender(ref FieldWriter fields, Sender sender)
    {
        if (sender.User is { } user)
        {
            fields.Byte(ByUser);
            fields.Text(user);
        }
        else if (sender.IsServer)
        {
            fields.Byte(ByServer);
        }
        else
        {
            fields.Byte(ByAddress);
            fields.Number(sender.Address.Bits);
        }
    }

    private static Sender ReadSender(ref FieldReader fields) => fields.Byte() switch
    {
        ByServer => Sender.Server,
        ByUser => Sender.Of(Encoding.UTF8.GetString(fields.Text()), default),
        _ => Sender.Of(null, new AddressKey(fields.Number())),
    };

    private static RecordBytes Assemble(RecordType type, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload) =>
        Assemble(new byte[PrefixLength + 1 + FieldWriter.LongestNumber + head.Length + payload.Length], type, head, payload);

    private static RecordBytes Assemble(byte[] bytes, RecordType type, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        var body = new FieldWriter(bytes.AsSpan(PrefixLength));
        body.Byte((byte)type);
        body.Number((ulong)head.Length);
        body.Bytes(head);
        body.Bytes(payload);
        return new RecordBytes(bytes, 0, PrefixLength + body.Length);
    }
}

/// <summary>A place in a log, and what goes with it.</summary>
internal readonly record struct RecordPlace(ulong Birth, long Offset, long First, long Kept, long Time, Retention Retention, Sender Sender)
{
    /// <summary>The idempotency key, or null.</summary>
    public string? Key { get; init; }

    public long KeyUntil { get; init; }

    /// <summary>What it does to the channel's state.</summary>
    public StateChange Change { get; init; }

    /// <summary>The key that it sets or takes out, or null.</summary>
    public string? StateKey { get; init; }

    public bool IsDurable { get; init; }
}

/// <summary>A record in a buffer.</summary>
/// <param name="Buffer">The buffer.</param>
/// <param name="Start">Where it begins there.</param>
/// <param name="Length">How long it is.</param>
internal readonly record struct RecordBytes(byte[] Buffer, int Start, int Length)
{
    public Span<byte> Span => Buffer.AsSpan(Start, Length);
}
