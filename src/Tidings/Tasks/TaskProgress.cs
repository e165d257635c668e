using Tidings.Tasks;

namespace Tidings;

/// <summary>How a task's code tells its progress. Safe from any thread; no call waits or fails for whoever watches.</summary>
/// <remarks>Of reports that follow one another faster than <see cref="TaskOptions.UpdatesPerSecond"/> the newest counts. One with less progress
/// than an earlier one is ignored. What is reported after the task's end goes nowhere.</remarks>
public sealed class TaskProgress : IProgress<TaskUpdate>
{
    private const int MostWaitingLines = 100;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Func<TaskReport, Task<bool>> _send;
    private readonly TimeProvider _time;
    private readonly Paced _paced;
    private readonly Queue<string> _lines = [];
    private double? _progress;
    private string? _message;
    private double _highest;
    private bool _ended;

    /// <param name="id">The task's id.</param>
    /// <param name="time">The clock.</param>
    /// <param name="interval">The shortest time between two reports.</param>
    /// <param name="send">Sends a report; false where it could not be kept and is to be sent again. It does not throw.</param>
    internal TaskProgress(string id, TimeProvider time, TimeSpan interval, Func<TaskReport, Task<bool>> send)
    {
        Id = id;
        _send = send;
        _time = time;
        _paced = new Paced(time, interval, SendAsync);
    }

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>Tells how far the task is.</summary>
    /// <param name="progress">From 0 to 100.</param>
    /// <param name="message">In words for people, as "40 of 100 files", at most 4,096 bytes; what is longer is cut off. Null where it stays as it was.</param>
    /// <exception cref="ArgumentOutOfRangeException">The progress is no such number.</exception>
    public void Report(double progress, string? message = null) => Report(new TaskUpdate(progress, message));

    /// <inheritdoc cref="Report(double, string?)"/>
    public void Report(TaskUpdate value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Progress is { } number && number is not (>= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(value), number, "Progress is a number from 0 to 100.");
        }

        lock (_gate)
        {
            if (_ended || value.Progress < _highest)
            {
                return;
            }

            _highest = value.Progress ?? _highest;
            _progress = value.Progress ?? _progress;
            _message = TaskText.CutMessage(value.Message) ?? _message;
        }

        _paced.Ask();
    }

    /// <summary>Adds a line to what is read in the channel <c>task:&lt;id&gt;:log</c>. Of more than a hundred between two reports the newest remain.</summary>
    /// <param name="line">At most 1,024 bytes; what is longer is cut off.</param>
    public void Log(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        line = TaskText.CutLine(line);
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _lines.Enqueue(line);
            if (_lines.Count > MostWaitingLines)
            {
                _lines.Dequeue();
            }
        }

        _paced.Ask();
    }

    /// <summary>Ends it; what was said and not yet sent goes with the final report.</summary>
    internal async Task<TaskReport> EndAsync(TaskReport final)
    {
        await _paced.EndAsync().ConfigureAwait(false);
        var last = Take(end: true);
        return final with { Progress = last.Progress, Message = last.Message, Log = last.Log };
    }

    private async Task SendAsync()
    {
        var report = Take();
        if (!await _send(report).ConfigureAwait(false))
        {
            TakeBack(report);
            await Task.Delay(RetryAfter, _time).ConfigureAwait(false);
            _paced.Ask();
        }
    }

    private TaskReport Take(bool end = false)
    {
        lock (_gate)
        {
            _ended |= end;
            var report = new TaskReport { Progress = _progress, Message = _message, Log = [.. _lines] };
            (_progress, _message) = (null, null);
            _lines.Clear();
            return report;
        }
    }

    // What was said meanwhile counts for more.
    private void TakeBack(TaskReport report)
    {
        lock (_gate)
        {
            _progress ??= report.Progress;
            _message ??= report.Message;
            string[] newer = [.. _lines];
            _lines.Clear();
            foreach (var line in report.Log.Concat(newer).TakeLast(MostWaitingLines))
            {
                _lines.Enqueue(line);
            }
        }
    }
}
