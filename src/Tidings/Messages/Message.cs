using System.Runtime.CompilerServices;
using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>What happened in a channel.</summary>
internal enum MessageKind : byte
{
    /// <summary>Somebody said something.</summary>
    Message,

    /// <summary>A member came; the data is the member.</summary>
    Join,

    /// <summary>A member went; the data is the member.</summary>
    Leave,

    /// <summary>Nothing was said: what was up to the position, and was not delivered, is gone.</summary>
    Gap,
}

/// <summary>One entry of a channel's log, or something said in passing, and the bytes it has on each wire, made once for all who read it.</summary>
internal sealed class Message
{
    private Encodings _encodings;

    // Bytes of encoded frames that count against the share; negative once it is no longer kept.
    private int _charged;

    public MessageKind Kind { get; init; }
    public required string Channel { get; init; }

    /// <summary>Where it stands in the log. Offset 0: it is in no log, and is not recovered.</summary>
    public required StreamPosition Position { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long Time { get; init; }

    /// <summary>When the log in memory took it, in milliseconds of a clock that nobody sets: its age goes by this one.</summary>
    public long KeptAt { get; init; }

    /// <summary>Whose share of the memory for histories it takes, where a log in memory keeps it; or null.</summary>
    public IMessageShare? Share { get; init; }

    public required MessageData Data { get; init; }

    /// <summary>The user who said it, or null.</summary>
    public string? From { get; init; }

    /// <summary>What it is about, for those who want only the newest of each; or null.</summary>
    public string? Key { get; init; }

    /// <summary>Users and connections who don't get it, or null.</summary>
    public IReadOnlySet<string>? Except { get; init; }

    /// <summary>What code of the server reads beside the data, and no wire shows; or null.</summary>
    public ReadOnlyMemory<byte>? Hidden { get; init; }

    /// <summary>The span that published it (W3C's <c>traceparent</c>), or null.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When it came to this node's hub, by the clock's timestamps. Set for what is delivered, and not for what is read back.</summary>
    public long AcceptedAt { get; set; }

    public string Epoch => Position.Epoch;

    /// <summary>1, 2, 3 … inside one epoch; 0 for what is said in passing.</summary>
    public long Offset => Position.Offset;

    /// <summary>What <paramref name="encoder"/> makes of the message: the same array for every caller on any thread.</summary>
    public byte[] For(MessageEncoder encoder)
    {
        if (Kind == MessageKind.Gap)
        {
            return [];
        }

        ref var encoding = ref _encodings[encoder.Index];
        if (encoding is not null)
        {
            return encoding;
        }

        var made = encoder.Encode(this);
        if (Interlocked.CompareExchange(ref encoding, made, null) is { } earlier)
        {
            return earlier;
        }

        Charge(Math.Min(made.Length, int.MaxValue / MessageEncoder.Count));
        return made;
    }

    /// <summary>The log keeps it no longer.</summary>
    /// <returns>Bytes of encoded frames that counted.</returns>
    public int EndCharge() => Math.Max(0, Interlocked.Exchange(ref _charged, -1));

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

    [InlineArray(MessageEncoder.Count)]
    private struct Encodings
    {
        private byte[]? _first;
    }
}
