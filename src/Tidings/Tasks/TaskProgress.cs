using System.Text;
using Tidings.Tasks;

namespace Tidings;

/// <summary>How a task's code tells its progress. Safe from any thread; no call waits or fails for whoever watches.</summary>
/// <remarks>Of reports that follow one another faster than <see cref="TaskOptions.UpdatesPerSecond"/> the newest counts. One with less progress
/// than an earlier one is ignored. What is reported after the task's end goes nowhere.</remarks>
public sealed class TaskProgress : IProgress<TaskUpdate>
{
    private const int MostWaitingLines = TaskRules.MostLogLines;

    private readonly Lock _gate = new();
    private readonly Func<TaskReport, Task> _send;
    private readonly Paced _paced;
    private readonly Queue<string> _lines = [];
    private double? _progress;
    private string? _message;
    private double _highest;
    private bool _ended;

    internal TaskProgress(string id, TimeProvider time, TimeSpan interval, Func<TaskReport, Task> send)
    {
        Id = id;
        _send = send;
        _paced = new Paced(time, interval, () => _send(Take()));
    }

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>Tells how far the task is.</summary>
    /// <param name="progress">From 0 to 100.</param>
    /// <param name="message">In words for people, as "40 of 100 files", at most 4,096 bytes; null where it stays as it was.</param>
    /// <exception cref="ArgumentOutOfRangeException">The progress is no such number.</exception>
    /// <exception cref="ArgumentException">The message is too long.</exception>
    public void Report(double progress, string? message = null) => Report(new TaskUpdate(progress, message));

    /// <inheritdoc cref="Report(double, string?)"/>
    public void Report(TaskUpdate value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Progress is { } number && number is not (>= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(value), number, "Progress is a number from 0 to 100.");
        }

        if (value.Message is { } text && Encoding.UTF8.GetByteCount(text) > TaskRules.MostMessageBytes)
        {
            throw new ArgumentException($"A message has at most {TaskRules.MostMessageBytes} bytes.", nameof(value));
        }

        lock (_gate)
        {
            if (_ended || value.Progress < _highest)
            {
                return;
            }

            _highest = value.Progress ?? _highest;
            _progress = value.Progress ?? _progress;
            _message = value.Message ?? _message;
        }

        _paced.Ask();
    }

    /// <summary>Adds a line to what is read in the channel <c>task:&lt;id&gt;:log</c>. Of more than a hundred between two reports the newest remain.</summary>
    /// <param name="line">At most 1,024 bytes; what is longer is cut off.</param>
    public void Log(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        line = Cut(line);
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

    private static string Cut(string line)
    {
        if (Encoding.UTF8.GetByteCount(line) <= TaskRules.MostLogLineBytes)
        {
            return line;
        }

        var length = Math.Min(line.Length, TaskRules.MostLogLineBytes);
        while (Encoding.UTF8.GetByteCount(line.AsSpan(0, length)) > TaskRules.MostLogLineBytes || char.IsHighSurrogate(line[length - 1]))
        {
            length--;
        }

        return line[..length];
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
}
