using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Tidings.Protocol.Frames;

/// <summary>What <see cref="FrameReader.Read"/> found.</summary>
internal enum FrameEventKind : byte
{
    /// <summary>All input is used up.</summary>
    NeedMore,

    /// <summary>A piece of a text or binary message.</summary>
    Data,

    /// <summary>A whole ping, pong or close frame.</summary>
    Control,

    /// <summary>The peer broke the protocol; every read from now on says the same.</summary>
    Error,
}

/// <summary>One thing read from the wire. <see cref="Payload"/> is unmasked and lies in the input, or in the reader until its next read.</summary>
internal readonly ref struct FrameEvent
{
    public required FrameEventKind Kind { get; init; }
    public Opcode Opcode { get; init; }
    public ProtocolError Error { get; init; }
    public Span<byte> Payload { get; init; }

    /// <summary>The first piece of a frame; <see cref="FrameLength"/> bytes of payload are announced, and may be refused before they come.</summary>
    public bool StartsFrame { get; init; }

    public long FrameLength { get; init; }

    /// <summary>The first piece of a message.</summary>
    public bool StartsMessage { get; init; }

    /// <summary>The last piece of a message.</summary>
    public bool EndsMessage { get; init; }

    /// <summary>RSV1 of the message's first frame: permessage-deflate (RFC 7692 §6).</summary>
    public bool Compressed { get; init; }
}

/// <summary>Reads WebSocket frames (RFC 6455 §5) from bytes in any cutting. No I/O, no allocation but for a control frame that comes in pieces.</summary>
/// <param name="fromClient">Whether the peer is a client, whose frames are masked.</param>
/// <param name="allowCompressed">Whether RSV1 has been given its meaning by permessage-deflate.</param>
internal struct FrameReader(bool fromClient, bool allowCompressed)
{
    private const int LongestHeader = 14;

    private Header _header;
    private byte _headerLength;
    private bool _inFrame;
    private bool _inMessage;
    private bool _final;
    private bool _compressed;
    private ProtocolError _error;
    private byte _controlLength;
    private Opcode _opcode;
    private Opcode _messageOpcode;
    private uint _mask;
    private long _remaining;
    private byte[]? _control;

    /// <summary>Whether a frame or a message has begun and not ended.</summary>
    public readonly bool IsMidMessage => _inFrame || _inMessage || _headerLength != 0;

    /// <summary>Bytes of memory held for a control frame that is not complete.</summary>
    public readonly int BufferedBytes => _control?.Length ?? 0;

    /// <summary>Reads one event and takes what it used from the front of <paramref name="input"/>.</summary>
    public FrameEvent Read(ref Span<byte> input)
    {
        if (_error != ProtocolError.None)
        {
            input = default;
            return Fail(_error);
        }

        var starts = false;
        if (!_inFrame)
        {
            var error = ReadHeader(ref input, out var complete);
            if (error != ProtocolError.None)
            {
                return Fail(error);
            }

            if (!complete)
            {
                return new FrameEvent { Kind = FrameEventKind.NeedMore };
            }

            _inFrame = starts = true;
        }

        return _opcode >= Opcode.Close ? ReadControl(ref input) : ReadData(ref input, starts);
    }

    private FrameEvent ReadData(ref Span<byte> input, bool starts)
    {
        var length = (int)Math.Min(_remaining, input.Length);
        if (length == 0 && _remaining != 0 && !starts)
        {
            return new FrameEvent { Kind = FrameEventKind.NeedMore };
        }

        var payload = input[..length];
        input = input[length..];
        var announced = _remaining;
        if (fromClient)
        {
            _mask = Masking.Apply(payload, _mask);
        }

        _remaining -= length;
        var startsMessage = starts && _opcode != Opcode.Continuation;
        if (startsMessage)
        {
            _messageOpcode = _opcode;
            _inMessage = true;
        }

        var endsFrame = _remaining == 0;
        var endsMessage = endsFrame && _final;
        if (endsFrame)
        {
            _inFrame = false;
            _inMessage = !_final;
        }

        return new FrameEvent
        {
            Kind = FrameEventKind.Data,
            Opcode = _messageOpcode,
            Payload = payload,
            StartsFrame = starts,
            FrameLength = announced,
            StartsMessage = startsMessage,
            EndsMessage = endsMessage,
            Compressed = _compressed,
        };
    }

    private FrameEvent ReadControl(ref Span<byte> input)
    {
        var length = (int)Math.Min(_remaining, input.Length);
        var payload = input[..length];
        input = input[length..];
        if (fromClient)
        {
            _mask = Masking.Apply(payload, _mask);
        }

        _remaining -= length;
        if (_controlLength != 0 || (_remaining != 0 && length != 0))
        {
            _control ??= new byte[ControlPayload];
            payload.CopyTo(_control.AsSpan(_controlLength));
            _controlLength += (byte)length;
        }

        if (_remaining != 0)
        {
            return new FrameEvent { Kind = FrameEventKind.NeedMore };
        }

        if (_control is not null)
        {
            payload = _control.AsSpan(0, _controlLength);
            _control = null;
            _controlLength = 0;
        }

        _inFrame = false;
        return new FrameEvent { Kind = FrameEventKind.Control, Opcode = _opcode, Payload = payload };
    }

    /// <summary>RFC 6455 §5.5: a control frame carries at most 125 bytes.</summary>
    public const int ControlPayload = 125;

    private ProtocolError ReadHeader(ref Span<byte> input, out bool complete)
    {
        complete = false;
        Span<byte> header = _header;

        // Bytes are judged as they come: what the first two give away is refused without waiting for the rest.
        while (true)
        {
            var needed = HeaderLength(header);
            var take = Math.Min(needed - _headerLength, input.Length);
            input[..take].CopyTo(header[_headerLength..]);
            input = input[take..];
            var had = _headerLength;
            _headerLength += (byte)take;
            if (had < 1 && _headerLength >= 1 && CheckFirstByte(header[0]) is var first and not ProtocolError.None)
            {
                return first;
            }

            if (had < 2 && _headerLength >= 2 && CheckSecondByte(header[1]) is var second and not ProtocolError.None)
            {
                return second;
            }

            if (_headerLength < needed)
            {
                return ProtocolError.None;
            }

            if (needed == HeaderLength(header))
            {
                break;
            }
        }

        _headerLength = 0;
        complete = true;
        return TakeHeader(header);
    }

    private readonly int HeaderLength(ReadOnlySpan<byte> header) => _headerLength < 2
        ? 2
        : 2 + ((header[1] & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 }) + ((header[1] & 0x80) != 0 ? 4 : 0);

    private readonly ProtocolError CheckFirstByte(byte b)
    {
        var opcode = (Opcode)(b & 0x0F);
        if ((b & 0x30) != 0)
        {
            return ProtocolError.ReservedBits;
        }

        if (opcode is not (<= Opcode.Binary or (>= Opcode.Close and <= Opcode.Pong)))
        {
            return ProtocolError.ReservedOpcode;
        }

        // RFC 7692 §6: RSV1 stands on the first frame of a message only.
        if ((b & 0x40) != 0 && (!allowCompressed || opcode is not (Opcode.Text or Opcode.Binary)))
        {
            return ProtocolError.ReservedBits;
        }

        if (opcode >= Opcode.Close)
        {
            return (b & 0x80) == 0 ? ProtocolError.FragmentedControl : ProtocolError.None;
        }

        return (opcode == Opcode.Continuation) != _inMessage ? ProtocolError.Fragmentation : ProtocolError.None;
    }

    private readonly ProtocolError CheckSecondByte(byte b)
    {
        if ((b & 0x80) != 0 != fromClient)
        {
            return ProtocolError.Masking;
        }

        var control = (Opcode)(_header[0] & 0x0F) >= Opcode.Close;
        return control && (b & 0x7F) > ControlPayload ? ProtocolError.ControlTooLong : ProtocolError.None;
    }

    private ProtocolError TakeHeader(ReadOnlySpan<byte> header)
    {
        var shortLength = header[1] & 0x7F;
        var at = 2;
        switch (shortLength)
        {
            case 126:
                _remaining = BinaryPrimitives.ReadUInt16BigEndian(header[at..]);
                at += 2;
                if (_remaining < 126)
                {
                    return ProtocolError.Length;
                }

                break;
            case 127:
                _remaining = BinaryPrimitives.ReadInt64BigEndian(header[at..]);
                at += 8;
                if (_remaining <= ushort.MaxValue)
                {
                    return ProtocolError.Length;
                }

                break;
            default:
                _remaining = shortLength;
                break;
        }

        _mask = fromClient ? BinaryPrimitives.ReadUInt32LittleEndian(header[at..]) : 0;
        _opcode = (Opcode)(header[0] & 0x0F);
        if (_opcode < Opcode.Close)
        {
            _final = (header[0] & 0x80) != 0;
            if (_opcode != Opcode.Continuation)
            {
                _compressed = (header[0] & 0x40) != 0;
            }
        }

        return ProtocolError.None;
    }

    private FrameEvent Fail(ProtocolError error)
    {
        _error = error;
        _control = null;
        return new FrameEvent { Kind = FrameEventKind.Error, Error = error };
    }

    [InlineArray(LongestHeader)]
    private struct Header
    {
        private byte _first;
    }
}
