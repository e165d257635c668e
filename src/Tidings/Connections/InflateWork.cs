using System.Buffers;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <summary>Inflates one message on the thread pool and brings it back to its connection's lane. The connection is suspended meanwhile.</summary>
/// <param name="connection">The connection.</param>
/// <param name="kind">Text or binary.</param>
/// <param name="compressed">The payload, in an array of the pool; it goes back there before the message is handled.</param>
/// <param name="compressedLength">The payload's length.</param>
internal sealed class InflateWork(Connection connection, MessageEventKind kind, byte[] compressed, int compressedLength) : IThreadPoolWorkItem
{
    private byte[] _inflated = [];

    public MessageEventKind Kind => kind;
    public InflateResult Result { get; private set; }
    public byte[] Inflated => _inflated;
    public int Length { get; private set; }

    public void Execute()
    {
        Result = MessageInflater.Inflate(compressed.AsSpan(0, compressedLength), connection.Settings.Messages.HardLimit, out _inflated, out var length);
        Length = length;
        ArrayPool<byte>.Shared.Return(compressed);
        connection.Lane.Post(connection, this);
    }

    public void Release()
    {
        if (Result == InflateResult.Ok)
        {
            ArrayPool<byte>.Shared.Return(_inflated);
            _inflated = [];
        }
    }
}
