using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>What happened in a channel.</summary>
public enum MessageKind : byte
{
    /// <summary>Somebody said something.</summary>
    Message,

    /// <summary>A member came; the data is the member.</summary>
    Join,

    /// <summary>A member went; the data is the member.</summary>
    Leave,

    /// <summary>A member says something else of itself; the data is the member.</summary>
    Update,

    /// <summary>How many subscribe has changed; the data is the number.</summary>
    Occupancy,

    /// <summary>Nothing was said: what was up to the position, and was not delivered, is gone.</summary>
    Gap,

    /// <summary>The place of a message in the log whose content was erased.</summary>
    Removed,

    /// <summary>Said beside the log's order: the message at the position has been erased.</summary>
    Erasure,

    /// <summary>Somebody took a key out of the channel's state. It has no data.</summary>
    KeyRemoval,

    /// <summary>Nothing was said: a part of the state, for one who has just subscribed.</summary>
    State,
}

/// <summary>One entry of a channel's log, or something ephemeral, and the bytes it has on each wire, made once for all who read it.</summary>
/// <remarks>Safe from any thread. What an engine sets does not change once the message was delivered. An engine makes one by <see cref="Brokers.Publication.ToMessage"/>.</remarks>
public sealed class Message
{
    // What encoders have made of it, newest first: a list, as few wires show one message.
    private Encoding? _encodings;

    // So that no sum of frames leaves the range of a number.
    private const int LargestCharge = int.MaxValue / 64;

    // What few messages have is not paid for by all.
    private Rarities? _rarities;

    // Bytes of encoded frames that count against the share; negative once it is no longer kept.
    private int _charged;

    /// <summary>What happened.</summary>
    public MessageKind Kind { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>Where it stands in the log. Offset 0: it is in no log, and is not recovered.</summary>
    public required StreamPosition Position { get; init; }

    /// <summary>When it was accepted, in Unix milliseconds by the clock that the nodes share.</summary>
    public required long Time { get; init; }

    /// <summary>When the log in memory took it, in milliseconds of a clock that nobody sets: its age goes by this one.</summary>
    internal long KeptAt { get; init; }

    /// <summary>Whose share of the memory for histories it takes, where a log in memory keeps it; or null.</summary>
    internal IMessageShare? Share { get; init; }

    /// <summary>What was said; empty for kinds that have no data.</summary>
    public required MessageData Data { get; init; }

    /// <summary>The user who said it, or null.</summary>
    public string? From { get; init; }

    /// <summary>What it is about, for those who want only the newest of each; or null.</summary>
    public string? Key { get; init; }

    /// <summary>The part of the state that it is, or null.</summary>
    public StatePart? State
    {
        get => _rarities?.State;
        init => Set(value is not null)?.State = value;
    }

    /// <summary>Why a gap is told, where it is another reason than the positions say; or null.</summary>
    public string? Reason
    {
        get => _rarities?.Reason;
        init => Set(value is not null)?.Reason = value;
    }

    /// <summary>The name of the event that it is, or null.</summary>
    public string? Event
    {
        get => _rarities?.Event;
        init => Set(value is not null)?.Event = value;
    }

    /// <summary>The connection that said it, where subscribers are told; or null.</summary>
    public string? Connection
    {
        get => _rarities?.Connection;
        init => Set(value is not null)?.Connection = value;
    }

    /// <summary>Who does not get it live, or null.</summary>
    public ExceptList? Except
    {
        get => _rarities?.Except;
        init => Set(value is not null)?.Except = value;
    }

    /// <summary>What code of the server reads beside the data, and no wire shows; or null.</summary>
    public ReadOnlyMemory<byte>? Hidden
    {
        get => _rarities?.Hidden;
        init => Set(value is not null)?.Hidden = value;
    }

    /// <summary>The span that published it (W3C's <c>traceparent</c>), or null.</summary>
    public string? TraceParent
    {
        get => _rarities?.TraceParent;
        init => Set(value is not null)?.TraceParent = value;
    }

    /// <summary>Bytes that the message takes in memory besides its data and this object, about.</summary>
    internal int ExtraBytes => (2 * ((Key?.Length ?? 0) + (From?.Length ?? 0))) + (_rarities?.Bytes ?? 0);

    /// <summary>When it came to this node's hub, by the clock's timestamps. Set for what is delivered, and not for what is read back.</summary>
    internal long AcceptedAt { get; set; }

    /// <summary>The epoch of the log; null of what is in no log.</summary>
    public string Epoch => Position.Epoch;

    /// <summary>1, 2, 3 … inside one epoch; 0 for what is ephemeral.</summary>
    public long Offset => Position.Offset;

    /// <summary>What was at a position and has been erased.</summary>
    /// <param name="kind"><see cref="MessageKind.Removed"/> or <see cref="MessageKind.Erasure"/>.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="position">The position.</param>
    public static Message Erased(MessageKind kind, string channel, StreamPosition position) =>
        new() { Kind = kind, Channel = channel, Position = position, Time = 0, Data = default };

    /// <summary>A log was erased and begins anew.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="epoch">The epoch that begins.</param>
    public static Message Cleared(string channel, string epoch) => new()
    {
        Kind = MessageKind.Gap, Channel = channel, Position = new StreamPosition(epoch, 0), Time = 0, Data = default, Reason = GapReason.Cleared,
    };

    /// <summary>What <paramref name="encoder"/> makes of the message: the same array for every caller on any thread.</summary>
    internal byte[] For(MessageEncoder encoder)
    {
        if (Kind == MessageKind.Gap)
        {
            return [];
        }

        var first = Volatile.Read(ref _encodings);
        if (Find(first, encoder) is { } there)
        {
            return there;
        }

        var bytes = encoder.Encode(this);
        while (true)
        {
            var made = new Encoding(encoder, bytes, first);
            var found = Interlocked.CompareExchange(ref _encodings, made, first);
            if (found == first)
            {
                Charge(Math.Min(bytes.Length, LargestCharge));
                return bytes;
            }

            if (Find(found, encoder) is { } earlier)
            {
                return earlier;
            }

            first = found;
        }
    }

    /// <summary>The log keeps it no longer.</summary>
    /// <returns>Bytes of encoded frames that counted.</returns>
    internal int EndCharge() => Math.Max(0, Interlocked.Exchange(ref _charged, -1));

    private Rarities? Set(bool needed) => needed ? _rarities ??= new Rarities() : _rarities;

    private void Charge(int bytes)
    {
        if (Share is not { } share)
        {
            return;
        }

        for (var before = Volatile.Read(ref _charged); before >= 0;)
        {
            var found = Interlocked.CompareExchange(ref _charged, before + bytes, before);
            if (found == before)
            {
                share.AddFrames(bytes);
                return;
            }

            before = found;
        }
    }

    private sealed class Rarities
    {
        // The object, and the strings' own heads.
        private const int Overhead = 128;

        public StatePart? State;
        public string? Reason;
        public string? Event;
        public string? Connection;
        public ExceptList? Except;
        public ReadOnlyMemory<byte>? Hidden;
        public string? TraceParent;

        public int Bytes => Overhead + (2 * ((Event?.Length ?? 0) + (Connection?.Length ?? 0))) + (Except?.Bytes ?? 0) + (Hidden?.Length ?? 0) + (State?.Bytes ?? 0);
    }

    private static byte[]? Find(Encoding? encoding, MessageEncoder encoder)
    {
        for (; encoding is not null; encoding = encoding.Next)
        {
            if (encoding.Encoder == encoder)
            {
                return encoding.Bytes;
            }
        }

        return null;
    }

    private sealed class Encoding(MessageEncoder encoder, byte[] bytes, Encoding? next)
    {
        public MessageEncoder Encoder => encoder;
        public byte[] Bytes => bytes;
        public Encoding? Next => next;
    }
}
