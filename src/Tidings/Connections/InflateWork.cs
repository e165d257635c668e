using System.Buffers;
using Tidings.Pressure;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <summary>Inflates one message on the thread pool and brings it back to its connection's lane. The connection is suspended meanwhile.</summary>
/// <param name="connection">The connection.</param>
/// <param name="kind">Text or binary.</param>
/// <param name="compressed">The payload, in an array of the pool; it goes back there before the message is handled.</param>
/// <param name="compressedLength">The payload's length.</param>
/// <param name="bounds">What the message may have.</param>
/// <remarks>Both forms of the message count against the budget of bodies. What the compressed one holds has been taken by its connection.</remarks>
internal sealed class InflateWork(Connection connection, MessageEventKind kind, byte[] compressed, int compressedLength, InflateBounds bounds) : IThreadPoolWorkItem
{
    private byte[] _inflated = [];
    private long _charged;

    public MessageEventKind Kind => kind;
    public InflateResult Result { get; private set; }
    public byte[] Inflated => _inflated;
    public int Length { get; private set; }

    public void Execute()
    {
        Result = MessageInflater.Inflate(compressed.AsSpan(0, compressedLength), bounds with { MayGrow = TryGrow }, out _inflated, out var length);
        Length = Result == InflateResult.Ok ? length : 0;
        ArrayPool<byte>.Shared.Return(compressed);
        connection.Registry.Bodies.Shrink(connection.AddressSender, compressed.Length);
        connection.Lane.Post(connection, this);
    }

    public void Release()
    {
        if (Result == InflateResult.Ok)
        {
            ArrayPool<byte>.Shared.Return(_inflated);
            _inflated = [];
        }

        connection.Registry.Bodies.Shrink(connection.AddressSender, _charged);
        _charged = 0;
    }

    private bool TryGrow(int bytes)
    {
        if (connection.Registry.Bodies.TryGrow(connection.AddressSender, bytes) != BodyAdmission.Granted)
        {
            return false;
        }

        _charged += bytes;
        return true;
    }
}
