using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Tidings.Client;

/// <summary>Events that wait for the application's loop, bounded in number and bytes. One writer and one reader at a time.</summary>
/// <param name="most">The most events.</param>
internal sealed class EventQueue(int most)
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const int EventBytes = 64;

    private readonly Channel<ChannelEvent> _events = Channel.CreateBounded<ChannelEvent>(new BoundedChannelOptions(most) { SingleReader = true });
    private long _bytes;

    public bool IsEmpty => _events.Reader.Count == 0;

    /// <summary>False where there is no place. One event may always wait, however large.</summary>
    public bool TryPut(ChannelEvent told)
    {
        var bytes = BytesOf(told);
        var before = Interlocked.Read(ref _bytes);
        if ((before > 0 && before + bytes > MostBytes) || !_events.Writer.TryWrite(told))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, bytes);
        return true;
    }

    /// <summary>Nothing more comes: the reader gets what is queued, then the end or the error.</summary>
    public void Complete(Exception? error) => _events.Writer.TryComplete(error);

    /// <summary>The events in order.</summary>
    /// <param name="onEmptied">Called before the last event that is queued is given out.</param>
    /// <param name="cancellationToken">Ends the reading; what is queued stays.</param>
    public async IAsyncEnumerable<ChannelEvent> ReadAsync(Action onEmptied, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _events.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_events.Reader.TryRead(out var next))
            {
                Interlocked.Add(ref _bytes, -BytesOf(next));
                if (IsEmpty)
                {
                    onEmptied();
                }

                yield return next;
            }
        }
    }

    private static int BytesOf(ChannelEvent told) => EventBytes + (told is ChannelMessage message ? message.Data.Length + (message.Bytes?.Length ?? 0) : 0);
}
