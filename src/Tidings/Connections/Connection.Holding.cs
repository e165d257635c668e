using System.Buffers;
using System.Text.Unicode;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.Connections;

/// <content>What it holds of messages that are not complete: half received, or being inflated.</content>
internal sealed partial class Connection
{
    // What costs more than some ten microseconds is not done on the lane, where others wait: of a compressed message neither form may be larger.
    private const int LargestOnLane = 16 * 1024;

    private int _held;

    /// <summary>Whose share of the memory for what is half received it uses: its address's, as its user may change.</summary>
    public Sender AddressSender => Sender.Of(null, Address);

    private InflateBounds Inflated => IsPending && Settings.Opening is null
        ? InflateBounds.Of(ConnectionAuthentication.FirstMessageInflated)
        : new InflateBounds(Settings.Messages.SoftLimit, Settings.Messages.HardLimit);

    // What has arrived in part counts against the budget of bodies. Who holds more than may be is closed, and holds nothing.
    private void CountHeld()
    {
        var held = _reader.BufferedBytes + (_unread?.Size ?? 0);
        if (held <= _held)
        {
            ReleaseHeld(_held - held);
        }
        else if (_registry.Bodies.TryGrow(AddressSender, held - _held) == BodyAdmission.Granted)
        {
            _held = held;
        }
        else
        {
            RefuseMemory();
        }
    }

    private void RefuseMemory()
    {
        _registry.Metrics.RateLimited(RateLimitName.Bodies);
        _reader.Stop();
        _unread = null;
        ReleaseHeld(_held);
        CloseNow(DisconnectCode.Unavailable);

        // What follows is not the beginning of a message, and the peer's close frame cannot be found in it.
        _closeReceived = true;
        _peerMaySend = true;
    }

    private void ReleaseHeld(int bytes)
    {
        if (bytes > 0)
        {
            _held -= bytes;
            _registry.Bodies.Shrink(AddressSender, bytes);
        }
    }

    private void TakeCompressed(MessageEventKind kind, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > LargestOnLane)
        {
            InflateElsewhere(kind, payload);
            return;
        }

        var bounds = Inflated;
        var here = InflateBounds.Of(Math.Min(bounds.Keep, LargestOnLane));
        var result = MessageInflater.Inflate(payload, here, out var inflated, out var length);
        if (result == InflateResult.TooLarge && here.Limit < bounds.Limit)
        {
            InflateElsewhere(kind, payload);
            return;
        }

        TakeInflated(kind, result, inflated.AsSpan(0, length));
        if (result == InflateResult.Ok)
        {
            ArrayPool<byte>.Shared.Return(inflated);
        }
    }

    private void InflateElsewhere(MessageEventKind kind, ReadOnlySpan<byte> payload)
    {
        Suspend();

        // A copy besides the reader's buffer would be a third of what a bomb costs.
        var compressed = _reader.Detach();
        if (compressed is null)
        {
            compressed = ArrayPool<byte>.Shared.Rent(payload.Length);
            payload.CopyTo(compressed);
        }

        CountHeld();
        if (_registry.Bodies.TryGrow(AddressSender, compressed.Length) != BodyAdmission.Granted)
        {
            ArrayPool<byte>.Shared.Return(compressed);
            RefuseMemory();
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(new InflateWork(this, kind, compressed, payload.Length, Inflated), preferLocal: false);
    }

    private void TakeInflated(MessageEventKind kind, InflateResult result, ReadOnlySpan<byte> message)
    {
        if (State != ConnectionState.Open)
        {
            return;
        }

        if (result == InflateResult.Dropped)
        {
            _tap?.InTooLarge();
            _handler.OnOversized(this);
        }
        else if (result == InflateResult.NoMemory)
        {
            RefuseMemory();
        }
        else if (result != InflateResult.Ok)
        {
            Fail(result == InflateResult.TooLarge ? ProtocolError.TooLarge : ProtocolError.Inflate);
        }
        else if (kind == MessageEventKind.Text && !Utf8.IsValid(message))
        {
            Fail(ProtocolError.Utf8);
        }
        else if (message.Length > Rules.SoftLimit)
        {
            _tap?.InTooLarge();
            _handler.OnOversized(this);
        }
        else if (kind == MessageEventKind.Text)
        {
            _tap?.In(Opcode.Text, message);
            _handler.OnText(this, message);
        }
        else
        {
            _tap?.In(Opcode.Binary, message);
            _handler.OnBinary(this, message);
        }
    }
}
