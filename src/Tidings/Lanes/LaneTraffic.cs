namespace Tidings.Lanes;

/// <summary>What went through one lane. Written by its turns alone, without a lock; read from anywhere, a moment old.</summary>
internal sealed class LaneTraffic
{
    /// <summary>Messages that were received whole.</summary>
    public long MessagesReceived { get; set; }

    /// <summary>Messages that were queued for a connection, each time for each.</summary>
    public long MessagesSent { get; set; }

    public long BytesReceived { get; set; }

    /// <summary>Bytes that wires have taken.</summary>
    public long BytesSent { get; set; }
}
