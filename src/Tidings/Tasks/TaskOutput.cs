using System.Buffers;
using System.Text;
using Tidings.Tasks;

namespace Tidings;

/// <summary>The output of a task that this process runs: text or bytes that viewers see as they come, and late viewers from the beginning. Safe from any thread; calls that overlap are put in one order.</summary>
/// <remarks>
/// What is written is gathered for at most 20 ms, or 16 KB. It ends with the task. An output is text (UTF-8) where the first write was one, and bytes otherwise; what is written as bytes to a text
/// must be UTF-8 as a whole, wherever it is cut. It has at most <see cref="TaskOptions.OutputBytes"/>.
/// </remarks>
public sealed class TaskOutput
{
    private const int MostGathered = 16 * 1024;

    // What may wait before a writer waits.
    private const int MostWaiting = 64 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Func<OutputChunk, Task<OutputSent>> _send;
    private readonly int _largestChunk;
    private readonly Paced _paced;
    private ArrayBufferWriter<byte> _waiting = new();

    // Touched by what is paced alone.
    private ArrayBufferWriter<byte> _sending = new();
    private Encoder? _encoder;
    private TaskCompletionSource? _room;
    private OutputSent _state;
    private string? _fault;
    private bool? _binary;
    private bool _ended;
    private long _sent;
    private long _length;

    /// <param name="time">The clock.</param>
    /// <param name="largestChunk">The most bytes that are sent at once.</param>
    /// <param name="send">Sends a chunk. It does not throw.</param>
    internal TaskOutput(TimeProvider time, int largestChunk, Func<OutputChunk, Task<OutputSent>> send)
    {
        (_time, _largestChunk, _send) = (time, largestChunk, send);
        _paced = new Paced(time, Interval, SendAsync);
    }

    /// <summary>How many bytes were written.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Writes a text. Completes at once, unless more than 64 KB wait to be kept.</summary>
    /// <param name="text">The text; nothing where it is empty. A character that is cut between two texts, as parts of a model's answer may cut it, is whole again.</param>
    /// <param name="cancellationToken">Ends the waiting: then nothing was written.</param>
    /// <exception cref="OperationCanceledException">The task has ended, as where it was cancelled.</exception>
    /// <exception cref="TaskFailedException">What was written before cannot be kept, and the task fails: there was too much of it, or it was no text.</exception>
    public ValueTask WriteAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return WriteAsync(text, default, cancellationToken);
    }

    /// <summary>Writes bytes, of which a copy is kept. Completes at once, unless more than 64 KB wait to be kept.</summary>
    /// <param name="bytes">The bytes; nothing where there are none.</param>
    /// <param name="cancellationToken">Ends the waiting: then nothing was written.</param>
    /// <inheritdoc cref="WriteAsync(string, CancellationToken)"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => WriteAsync(null, bytes, cancellationToken);

    /// <summary>Ends it; completes when everything has been sent, or cannot be.</summary>
    /// <param name="givesUp">Whether nothing is tried again.</param>
    /// <returns>Why it could not be kept; null where all of it was.</returns>
    internal async Task<string?> EndAsync(Func<bool> givesUp)
    {
        lock (_gate)
        {
            _ended = true;
            Add_NeedsLock(null, []);
        }

        await _paced.EndAsync().ConfigureAwait(false);
        while (_state == OutputSent.Yes && HasUnsent)
        {
            if (!await TrySendAsync().ConfigureAwait(false))
            {
                if (givesUp())
                {
                    break;
                }

                await Task.Delay(RetryAfter, _time).ConfigureAwait(false);
            }
        }

        return _fault ?? (HasUnsent ? "The end of the output could not be kept." : null);
    }

    private bool HasUnsent => Waiting > 0 || _sending.WrittenCount > 0;

    private int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.WrittenCount;
            }
        }
    }

    private async ValueTask WriteAsync(string? text, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (_fault is { } fault)
                {
                    throw new TaskFailedException(fault);
                }

                if (_ended || _state != OutputSent.Yes)
                {
                    throw new OperationCanceledException("The task has ended.");
                }

                if (text is null ? bytes.IsEmpty : text.Length == 0)
                {
                    return;
                }

                if (_waiting.WrittenCount < MostWaiting)
                {
                    _binary ??= text is null;
                    Add_NeedsLock(text, bytes.Span);
                    break;
                }

                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        _paced.Ask(urgent: Waiting >= MostGathered);
    }

    private void Add_NeedsLock(string? text, ReadOnlySpan<byte> bytes)
    {
        var before = _waiting.WrittenCount;

        // Half a character waits for what comes behind it; before bytes, or the end, it is none.
        if (text is not null)
        {
            (_encoder ??= Encoding.UTF8.GetEncoder()).Convert(text, _waiting, flush: false, out _, out _);
        }
        else
        {
            _encoder?.Convert("", _waiting, flush: true, out _, out _);
            _waiting.Write(bytes);
        }

        _length += _waiting.WrittenCount - before;
    }

    private async Task SendAsync()
    {
        if (!await TrySendAsync().ConfigureAwait(false))
        {
            await Task.Delay(RetryAfter, _time).ConfigureAwait(false);
            _paced.Ask();
            return;
        }

        // What came while something else was sent, and nobody asks for any more because its writer waits.
        var waiting = Waiting;
        if (waiting > 0)
        {
            _paced.Ask(urgent: waiting >= MostGathered);
        }
    }

    // What could not be sent stands in front the next time: the same bytes at the same place are no second chunk.
    private async Task<bool> TrySendAsync()
    {
        if (_sending.WrittenCount == 0)
        {
            lock (_gate)
            {
                (_sending, _waiting) = (_waiting, _sending);
                _room?.TrySetResult();
                _room = null;
            }
        }

        var all = _sending.WrittenMemory;
        while (!all.IsEmpty)
        {
            var chunk = all[..Math.Min(all.Length, _largestChunk)];
            var sent = await _send(new OutputChunk(chunk, _sent, _binary == true)).ConfigureAwait(false);
            if (sent == OutputSent.Later)
            {
                var rest = all.ToArray();
                _sending.ResetWrittenCount();
                _sending.Write(rest);
                return false;
            }

            if (sent != OutputSent.Yes)
            {
                End(sent);
                return true;
            }

            _sent += chunk.Length;
            all = all[chunk.Length..];
        }

        _sending.ResetWrittenCount();
        return true;
    }

    private void End(OutputSent why)
    {
        lock (_gate)
        {
            _state = why;
            _fault = why switch
            {
                OutputSent.TooLarge => "The output has more bytes than Tidings:Tasks:OutputBytes allows.",
                OutputSent.NoRoom => "There is no room for more output (Tidings:Streams:TotalBytes).",
                OutputSent.NotText => "The output began as text, and what followed is no UTF-8.",
                _ => null,
            };
            _room?.TrySetResult();
            _room = null;
        }
    }
}
