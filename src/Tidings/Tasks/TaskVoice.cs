using Microsoft.Extensions.Logging;

namespace Tidings.Tasks;

/// <summary>What is being told of one task. It is kept as long as there is something to tell.</summary>
internal sealed partial class TaskVoice
{
    private const int MostWaitingLines = 500;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TaskEcho _echo;
    private readonly string _id;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action<TaskVoice> _onEnd;
    private readonly Paced _paced;
    private readonly Queue<string> _lines = [];
    private TaskRecord? _newest;
    private TaskState? _told;
    private long _dropped;
    private bool _ended;

    public TaskVoice(TaskEcho echo, string id, TimeProvider time, TimeSpan interval, ILogger log, Action<TaskVoice> onEnd)
    {
        (_echo, _id, _time, _log, _onEnd) = (echo, id, time, log, onEnd);
        _paced = new Paced(time, interval, TellAsync, EndUnlessAsked);
    }

    /// <returns>False where it has ended, and another one is to be asked.</returns>
    public bool TryOffer(TaskRecord record, IReadOnlyList<string> lines)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            if (_newest is null || record.Version > _newest.Version)
            {
                _newest = record;
            }

            foreach (var line in lines)
            {
                _lines.Enqueue(line);
                if (_lines.Count > MostWaitingLines)
                {
                    _lines.Dequeue();
                    _dropped++;
                }
            }
        }

        _paced.Ask(record.State.IsFinal);
        return true;
    }

    /// <summary>Waits until what is being told has been.</summary>
    public Task SettleAsync() => _paced.SettleAsync();

    private async Task TellAsync()
    {
        TaskRecord record;
        string[] lines;
        long dropped;
        lock (_gate)
        {
            record = _newest!;
            lines = [.. _lines];
            dropped = _dropped;
            _lines.Clear();
            _dropped = 0;
        }

        try
        {
            if (lines.Length > 0)
            {
                await _echo.PublishAsync(_id, lines, dropped).ConfigureAwait(false);
            }

            // Whoever made the change may have been held up, and others may have told later ones before this voice began.
            record = _told is null ? await _echo.FindNewestAsync(record).ConfigureAwait(false) : record;
            if (record.State.Follows(_told))
            {
                await TellAsync(record).ConfigureAwait(false);
                _told = record.State;
            }
        }
#pragma warning disable CA1031 // Whatever kept it from being told, it is tried again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUntold(_log, _id, error);
            await Task.Delay(RetryAfter, _time).ConfigureAwait(false);
            _paced.Ask();
        }
    }

    private async ValueTask TellAsync(TaskRecord record)
    {
        if (record.State.IsFinal && !record.Announced)
        {
            await _echo.AnnounceAsync(record).ConfigureAwait(false);
        }
        else
        {
            await _echo.PublishAsync(record).ConfigureAwait(false);
        }
    }

    private void EndUnlessAsked()
    {
        lock (_gate)
        {
            if (_ended || _lines.Count > 0 || (_newest is { } newest && newest.State.Follows(_told)))
            {
                return;
            }

            _ended = true;
        }

        _onEnd(this);
        _paced.Stop();
    }

    [LoggerMessage(700, LogLevel.Warning, "The state of task {Id} could not be told; it is tried again")]
    private static partial void LogUntold(ILogger log, string id, Exception error);
}
