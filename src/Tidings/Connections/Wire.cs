namespace Tidings.Connections;

/// <summary>How far a wire came with what was queued.</summary>
internal enum FlushResult : byte
{
    /// <summary>All is written.</summary>
    Drained,

    /// <summary>The peer or its network takes no more now; the wire calls <see cref="Connection.Flush"/> when it does.</summary>
    Blocked,

    /// <summary>The transport is gone.</summary>
    Broken,
}

/// <summary>What moves a connection's bytes: a socket that a lane polls, a stream, or the answer to a request. Everything here belongs to the connection's lane.</summary>
/// <remarks>
/// A wire hands what it reads to <see cref="Connection.Receive"/>, tells of the end by <see cref="Connection.EndOfInput"/> and of
/// a broken transport by <see cref="Connection.Lost"/>.
/// </remarks>
internal abstract class Wire
{
    /// <summary>Whether the peer can say nothing: its silence means nothing, and no close frame comes back.</summary>
    public virtual bool IsOneWay => false;

    /// <summary>What it is a part of.</summary>
    public virtual TransportKind Transport => TransportKind.WebSocket;

    /// <summary>Begins to bring what arrives.</summary>
    public abstract void Start(Connection connection);

    /// <summary>Writes as much of <paramref name="queue"/>, which may be empty, as goes without waiting.</summary>
    /// <returns>Drained only where nothing that was taken from the queue is still on its way to the transport.</returns>
    public abstract FlushResult Flush(ref OutboundQueue queue);

    /// <summary>Stops reading, so that the kernel slows the peer, or goes on.</summary>
    public abstract void SetReading(bool reading);

    /// <summary>Says that nothing more will be written, and lets the peer read to the end.</summary>
    /// <returns>False where the transport cannot end one direction alone: it is then closed, with all that was written on its way.</returns>
    public abstract bool TryEndOutput();

    /// <summary>Frees the transport. What is not written may be lost.</summary>
    public abstract void Close();
}
