using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Tidings.Protocol.Frames;

internal enum MessageEventKind : byte
{
    NeedMore,
    Text,
    Binary,

    /// <summary>A message over the soft limit has ended; nothing of it was kept.</summary>
    Oversized,
    Ping,
    Pong,
    Close,

    /// <summary>The peer broke a rule; every read from now on says the same.</summary>
    Error,
}

/// <summary>One whole message or control frame. <see cref="Payload"/> is valid until the next read.</summary>
internal readonly ref struct MessageEvent
{
    public required MessageEventKind Kind { get; init; }

    /// <summary>Whether it is a message, kept or not.</summary>
    public bool IsMessage => Kind is MessageEventKind.Text or MessageEventKind.Binary or MessageEventKind.Oversized;

    /// <summary>The message; of a close frame, its reason.</summary>
    public Span<byte> Payload { get; init; }

    public ushort CloseCode { get; init; }
    public ProtocolError Error { get; init; }
    public bool Compressed { get; init; }
}

/// <summary>Puts messages together out of frames, within the limits of a route.</summary>
/// <remarks>
/// A message that lies whole in the input is handed out where it lies. One that comes in pieces is gathered in a rented buffer of
/// at most twice its received bytes (or 256), which goes back to the pool at the next read after its end.
/// Text is checked as it arrives (RFC 6455 §8.1); compressed text must be checked after inflating.
/// </remarks>
internal struct MessageReader(bool fromClient, bool allowCompressed)
{
    private const int SmallestBuffer = 256;

    private FrameReader _frames = new(fromClient, allowCompressed);
    private Utf8Checker _utf8;
    private byte[]? _buffer;
    private int _length;
    private long _announced;
    private bool _ended;
    private ProtocolError _error;

    /// <summary>Whether a frame or a message has begun and not ended.</summary>
    public readonly bool IsMidMessage => _frames.IsMidMessage;

    /// <summary>Bytes of memory held for a message that is not complete.</summary>
    public readonly int BufferedBytes => _buffer?.Length ?? 0;

    /// <summary>Reads one event and takes what it used from the front of <paramref name="input"/>.</summary>
    public MessageEvent Read(ref Span<byte> input, MessageRules rules)
    {
        if (_error != ProtocolError.None)
        {
            // What follows a refused header is not the beginning of a frame, and its limits are not known any more.
            input = default;
            return Fail(_error);
        }

        if (_ended)
        {
            Release();
        }

        while (true)
        {
            var frame = _frames.Read(ref input);
            switch (frame.Kind)
            {
                case FrameEventKind.NeedMore:
                    return new MessageEvent { Kind = MessageEventKind.NeedMore };
                case FrameEventKind.Error:
                    return Fail(frame.Error);
                case FrameEventKind.Control:
                    return ReadControl(frame);
                default:
                    var error = Take(frame, rules);
                    if (error != ProtocolError.None)
                    {
                        return Fail(error);
                    }

                    if (frame.EndsMessage)
                    {
                        return End(frame);
                    }

                    break;
            }
        }
    }

    /// <summary>Takes the buffer of the message that has just ended; its new owner returns it to the pool.</summary>
    /// <returns>Null where the message lies in the input.</returns>
    public byte[]? Detach()
    {
        var buffer = _ended ? _buffer : null;
        _buffer = buffer is null ? _buffer : null;
        return buffer;
    }

    /// <summary>Gives back what is held, and reads nothing more: the peer's message is not wanted any longer.</summary>
    public void Stop() => Fail(ProtocolError.TooLarge);

    /// <summary>Gives back what is held. The reader must not be used any more.</summary>
    public void Release()
    {
        _ended = false;
        _length = 0;
        ReturnBuffer();
    }

    private ProtocolError Take(in FrameEvent frame, MessageRules rules)
    {
        if (frame.StartsMessage)
        {
            _announced = 0;
            _length = 0;
            _utf8.Reset();
            if (frame.Opcode == Opcode.Text ? !rules.Text : !rules.Binary)
            {
                return ProtocolError.Unacceptable;
            }
        }

        if (frame.StartsFrame)
        {
            // Both are at most 2⁶³−1, and the first is below the hard limit: no overflow.
            if (frame.FrameLength > rules.HardLimit - _announced)
            {
                return ProtocolError.TooLarge;
            }

            _announced += frame.FrameLength;
        }

        if (frame.Opcode == Opcode.Text && !frame.Compressed
            && !(_utf8.Append(frame.Payload) && (!frame.EndsMessage || _utf8.IsComplete)))
        {
            return ProtocolError.Utf8;
        }

        // What is once dropped stays dropped, even if the limit is raised before the message ends.
        if (_length < 0 || _announced > rules.SoftLimit)
        {
            _length = -1;
            ReturnBuffer();
        }
        else if (!(frame.StartsMessage && frame.EndsMessage))
        {
            Store(frame.Payload);
        }

        return ProtocolError.None;
    }

    private MessageEvent End(FrameEvent frame)
    {
        _ended = true;
        if (_length < 0)
        {
            return new MessageEvent { Kind = MessageEventKind.Oversized };
        }

        return new MessageEvent
        {
            Kind = frame.Opcode == Opcode.Text ? MessageEventKind.Text : MessageEventKind.Binary,
            Payload = frame.StartsMessage ? frame.Payload : _buffer.AsSpan(0, _length),
            Compressed = frame.Compressed,
        };
    }

    private MessageEvent ReadControl(FrameEvent frame)
    {
        switch (frame.Opcode)
        {
            case Opcode.Ping:
                return new MessageEvent { Kind = MessageEventKind.Ping, Payload = frame.Payload };
            case Opcode.Pong:
                return new MessageEvent { Kind = MessageEventKind.Pong, Payload = frame.Payload };
        }

        // RFC 6455 §5.5.1: empty, or a code of two bytes and a reason in UTF-8.
        if (frame.Payload.IsEmpty)
        {
            return new MessageEvent { Kind = MessageEventKind.Close, CloseCode = DisconnectCode.NoStatus.Code };
        }

        if (frame.Payload.Length == 1)
        {
            return Fail(ProtocolError.CloseCode);
        }

        var code = BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
        var reason = frame.Payload[2..];
        if (!DisconnectCode.IsValidOnWire(code))
        {
            return Fail(ProtocolError.CloseCode);
        }

        return Utf8.IsValid(reason)
            ? new MessageEvent { Kind = MessageEventKind.Close, CloseCode = code, Payload = reason }
            : Fail(ProtocolError.Utf8);
    }

    private void Store(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        var needed = _length + piece.Length;
        if (_buffer is null || _buffer.Length < needed)
        {
            // Grows with what has come, never with what was announced.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(SmallestBuffer, Math.Min(2 * _length, (int)_announced))));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ReturnBuffer();
            _buffer = larger;
        }

        piece.CopyTo(_buffer.AsSpan(_length));
        _length = needed;
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private MessageEvent Fail(ProtocolError error)
    {
        _error = error;
        Release();
        return new MessageEvent { Kind = MessageEventKind.Error, Error = error };
    }
}
