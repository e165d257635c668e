using System.Text;

namespace Tidings.Server.Bench;

/// <summary>Listens in one channel, and checks that each publisher's messages come once and in order. Its counters are written by its own task alone.</summary>
internal sealed class BenchMember(BenchRun run, BenchSocket socket, int channel) : IBenchListener, IAsyncDisposable
{
    private readonly long[] _last = new long[run.Plan.PublishersOfChannel];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;
    private long _doubled;
    private long _outOfOrder;

    public BenchSocket Socket => socket;
    public int Channel => channel;

    /// <summary>Messages that came for the first time.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Messages that came again.</summary>
    public long Doubled => Volatile.Read(ref _doubled);

    /// <summary>Messages that came after later ones; they count as received.</summary>
    public long OutOfOrder => Volatile.Read(ref _outOfOrder);

    /// <summary>How the connection has ended.</summary>
    public Task<string> Ended { get; private set; } = Task.FromResult("");

    /// <summary>Begins to listen.</summary>
    /// <param name="subscribes">Whether to subscribe to the channel; a member of a room is subscribed already.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="IOException">It was refused.</exception>
    public async Task StartAsync(bool subscribes, CancellationToken cancellationToken)
    {
        Ended = socket.ListenAsync(this);
        if (!subscribes)
        {
            return;
        }

        var command = $$"""{"type":"subscribe","id":1,"channel":"{{run.Plan.Name(channel)}}"}""";
        var frame = new byte[FrameWriting.LongestHeader + command.Length];
        Encoding.ASCII.GetBytes(command, frame.AsSpan(FrameWriting.LongestHeader));
        try
        {
            await socket.SendTextAsync(frame, cancellationToken);
        }
        catch (IOException)
        {
            // A refused connection may have been closed by now; what was said at that is still to be read.
        }

        if (await Task.WhenAny(_ready.Task, Ended).WaitAsync(cancellationToken) == Ended)
        {
            throw new IOException(await Ended);
        }

        await _ready.Task;
    }

    public void OnText(ReadOnlySpan<byte> text)
    {
        if (BenchMessage.TryRead(text, out var message))
        {
            OnMessage(message);
        }
        else if (text.StartsWith("{\"type\":\"subscribed\""u8))
        {
            _ready.TrySetResult();
        }
        else if (text.StartsWith("{\"type\":\"error\""u8) || text.StartsWith("{\"error\":"u8))
        {
            run.Refused(channel, Encoding.UTF8.GetString(text));
            _ready.TrySetException(new IOException(Encoding.UTF8.GetString(text)));
            _ = _ready.Task.Exception;
        }
    }

    public ValueTask DisposeAsync() => socket.DisposeAsync();

    private void OnMessage(BenchMessage message)
    {
        ref var last = ref _last[message.Publisher / run.Plan.Channels];
        if (message.Number == last)
        {
            Volatile.Write(ref _doubled, _doubled + 1);
            return;
        }

        if (message.Number < last)
        {
            Volatile.Write(ref _outOfOrder, _outOfOrder + 1);
        }
        else
        {
            last = message.Number;
        }

        Volatile.Write(ref _received, _received + 1);
        run.Delivered(message.Sent);
    }
}
