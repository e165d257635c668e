namespace Tidings.Tasks;

/// <summary>What is being told of one task. It is kept as long as there is something to tell.</summary>
internal sealed class TaskVoice
{
    private const int MostWaitingLines = 500;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TaskEcho _echo;
    private readonly string _id;
    private readonly TimeProvider _time;
    private readonly TaskOutages _outages;
    private readonly Action<TaskVoice> _onEnd;
    private readonly Paced _paced;
    private readonly Queue<string> _lines = [];
    private TaskRecord? _newest;
    private TaskState? _told;
    private long _dropped;

    // What could not be told, and is told again; touched by what is paced alone.
    private (string[] Lines, long Dropped)? _untold;
    private bool _ended;

    public TaskVoice(TaskEcho echo, string id, TimeProvider time, TimeSpan interval, TaskOutages outages, Action<TaskVoice> onEnd)
    {
        (_echo, _id, _time, _outages, _onEnd) = (echo, id, time, outages, onEnd);
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
        try
        {
            await TellLinesAsync().ConfigureAwait(false);
            await TellStateAsync().ConfigureAwait(false);
            _outages.Told();
        }
#pragma warning disable CA1031 // Whatever kept it from being told, it is tried again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _outages.NotTold(error);
            await Task.Delay(RetryAfter, _time).ConfigureAwait(false);
            _paced.Ask();
        }
    }

    private async ValueTask TellLinesAsync()
    {
        _untold ??= TakeLines();
        if (_untold is not (var lines, var dropped))
        {
            return;
        }

        await _echo.PublishAsync(_id, lines, dropped).ConfigureAwait(false);
        _untold = null;
        lock (_gate)
        {
            if (_lines.Count == 0)
            {
                return;
            }
        }

        _paced.Ask();
    }

    private (string[] Lines, long Dropped)? TakeLines()
    {
        lock (_gate)
        {
            if (_lines.Count == 0)
            {
                return null;
            }

            (string[], long) taken = ([.. _lines], _dropped);
            _lines.Clear();
            _dropped = 0;
            return taken;
        }
    }

    // Others tell of the same task, and what is told here may have waited: the store says whether the task has gone on meanwhile. Should it have ended
    // while an earlier state was being told, that one may stand behind the end, which is told again.
    private async ValueTask TellStateAsync()
    {
        TaskRecord offered;
        lock (_gate)
        {
            offered = _newest!;
        }

        var record = await _echo.FindNewestAsync(offered).ConfigureAwait(false);
        if (!record.State.Follows(_told))
        {
            return;
        }

        await TellStateAsync(record, once: true).ConfigureAwait(false);
        if (await _echo.FindNewestAsync(record).ConfigureAwait(false) is { State.IsFinal: true } ended && ended != record)
        {
            await TellStateAsync(ended, once: false).ConfigureAwait(false);
        }
    }

    private async ValueTask TellStateAsync(TaskRecord record, bool once)
    {
        if (record.State.IsFinal && !record.Announced)
        {
            await _echo.AnnounceAsync(record, once).ConfigureAwait(false);
        }
        else
        {
            await _echo.PublishAsync(record, once).ConfigureAwait(false);
        }

        _told = record.State;
    }

    private void EndUnlessAsked()
    {
        lock (_gate)
        {
            if (_ended || _lines.Count > 0 || _untold is not null || (_newest is { } newest && newest.State.Follows(_told)))
            {
                return;
            }

            _ended = true;
        }

        _onEnd(this);
        _paced.Stop();
    }
}
