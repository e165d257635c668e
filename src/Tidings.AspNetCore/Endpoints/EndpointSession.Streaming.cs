using System.Buffers;
using System.Text;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.AspNetCore.Endpoints;

/// <content>Ways to encode what is sent.</content>
internal sealed partial class EndpointSession
{
    private const int LargestPiece = 16 * 1024;
    private const byte Final = 0x80;

    private SemaphoreSlim? _streaming;

    public ValueTask SendTextAsync(string text, CancellationToken cancellationToken)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        if (_deflate.Terms is not null)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                Encoding.UTF8.GetBytes(text, buffer);
                return SendAsync(Opcode.Text, buffer.AsSpan(0, length), cancellationToken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        var header = Frame.HeaderLength(length);
        var frame = GC.AllocateUninitializedArray<byte>(header + length);
        Frame.WriteHeader(frame, Opcode.Text, length);
        Encoding.UTF8.GetBytes(text, frame.AsSpan(header));
        return SendAsync(frame, cancellationToken);
    }

    public async Task SendStreamAsync(Stream stream, CancellationToken cancellationToken)
    {
        await AcceptAsync();
        var turn = LazyInitializer.EnsureInitialized(ref _streaming, static () => new SemaphoreSlim(1, 1))!;
        await turn.WaitAsync(cancellationToken);
        _outbox.BeginStream();
        try
        {
            await SendPiecesAsync(stream, cancellationToken);
        }
        catch (Exception error)
        {
            // Half a message is out: nothing sensible can follow it.
            if (error is not WebSocketDisconnectException)
            {
                _closedHere = true;
                _connection!.Close(DisconnectCode.HandlerFailed);
            }

            throw;
        }
        finally
        {
            if (_outbox.EndStream())
            {
                _connection!.Lane.Post(this);
            }

            turn.Release();
        }
    }

    // Reads one piece ahead, as the last one must say that it is.
    private async Task SendPiecesAsync(Stream stream, CancellationToken cancellationToken)
    {
        var opcode = Opcode.Binary;
        var piece = ArrayPool<byte>.Shared.Rent(LargestPiece);
        var next = ArrayPool<byte>.Shared.Rent(LargestPiece);
        try
        {
            var length = await stream.ReadAtLeastAsync(piece.AsMemory(0, LargestPiece), LargestPiece, throwOnEndOfStream: false, cancellationToken);
            while (true)
            {
                var nextLength = length < LargestPiece
                    ? 0
                    : await stream.ReadAtLeastAsync(next.AsMemory(0, LargestPiece), LargestPiece, throwOnEndOfStream: false, cancellationToken);
                var frame = Frame.Create(opcode, piece.AsSpan(0, length));
                if (nextLength > 0)
                {
                    frame[0] = (byte)(frame[0] & ~Final);
                }

                await SendFrame(frame, ofStream: true, cancellationToken);
                if (nextLength == 0)
                {
                    return;
                }

                opcode = Opcode.Continuation;
                (piece, next, length) = (next, piece, nextLength);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
            ArrayPool<byte>.Shared.Return(next);
        }
    }
}
