using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <summary>When a connection was last heard of and when it is to be asked. Times are the lane's milliseconds.</summary>
internal struct Heartbeat
{
    private static readonly byte[] ProtocolPing = Frame.Create(Opcode.Ping, default);

    /// <summary>The text that routes without a dialect send, with the protocol's ping.</summary>
    public static readonly byte[] BothPings = WithText(Frame.Text("""{"type":"ping"}"""u8));

    // What is sent more slowly than this, once the stall time has passed, holds memory rather than says something.
    private const int LeastBytesPerSecond = 128;

    private long _lastHeard;
    private long _nextPing;
    private long _begun;
    private long _heardSince;

    /// <summary>When the next ping is due, or <see cref="long.MaxValue"/>.</summary>
    public readonly long NextPing => _nextPing;

    public void Start(ConnectionSettings settings, long now)
    {
        _lastHeard = now;
        _nextPing = settings.Heartbeat > TimeSpan.Zero ? now + (long)settings.Heartbeat.TotalMilliseconds : long.MaxValue;
    }

    /// <summary>Any byte is life.</summary>
    public void Heard(long now) => _lastHeard = now;

    /// <summary>It is we who don't read: nothing that happened until now counts against the peer.</summary>
    public void StandStill(long now) => _lastHeard = _begun = now;

    /// <summary>Takes note of bytes of a message that is not complete, or (0) that none is half received.</summary>
    public void HeardPart(int bytes, long now)
    {
        if (_heardSince == 0)
        {
            _begun = now;
        }

        _heardSince = bytes == 0 ? 0 : _heardSince + bytes;
    }

    /// <summary>Whether nothing came for two intervals although we were reading.</summary>
    public readonly bool IsSilent(ConnectionSettings settings, long now) =>
        now - _lastHeard >= 2 * (long)settings.Heartbeat.TotalMilliseconds;

    /// <summary>The frames that ask for life, and sets the time for the next.</summary>
    public byte[] Ping(ConnectionSettings settings, ConnectionHandler handler, long now)
    {
        _nextPing = now + (long)settings.Heartbeat.TotalMilliseconds;
        return settings.TextHeartbeat ? handler.TextPing : ProtocolPing;
    }

    /// <summary>A ping for scripts and the protocol's in one write: what never looks at texts answers the latter by itself.</summary>
    public static byte[] WithText(ReadOnlySpan<byte> frame) => [.. frame, .. ProtocolPing];

    public readonly bool HasStalled(ConnectionSettings settings, long now) => now >= StallDue(settings);

    /// <summary>When a message that is half received has stood still, or crept, for too long.</summary>
    public readonly long StallDue(ConnectionSettings settings)
    {
        var patience = (long)settings.StallTimeout.TotalMilliseconds;
        return Math.Min(_lastHeard + patience, _begun + patience + (_heardSince * 1000 / LeastBytesPerSecond));
    }
}
