using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Diagnostics;

namespace Tidings.Tasks;

/// <summary>Logs that tasks cannot be kept or told, and when they can be again: once, however many tasks there are and however often each is tried again. Safe from any thread.</summary>
internal sealed partial class TaskOutages(ITaskStore store, TimeProvider time, ILogger log)
{
    // Of what is under way at once some may fail and some not.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    private readonly Outage _keeping = new(time, Calm);
    private readonly Outage _telling = new(time, Calm);

    public void NotKept(Exception error)
    {
        if (Begins(_keeping, error))
        {
            LogNotKept(log, error.Message, Unexpected(error));
        }
    }

    public void Kept()
    {
        if (_keeping.Ends() is { } end)
        {
            LogKept(log, end.Lasted.TotalSeconds);
        }
    }

    public void NotTold(Exception error)
    {
        if (Begins(_telling, error))
        {
            LogNotTold(log, error.Message, Unexpected(error));
        }
    }

    public void Told()
    {
        if (_telling.Ends() is { } end)
        {
            LogTold(log, end.Lasted.TotalSeconds);
        }
    }

    // What somebody else logs is not said twice.
    private bool Begins(Outage outage, Exception error) => !(store.IsWatched && error is BrokerUnavailableException) && outage.Begins(error.Message);

    // Of what is away it tells nothing where that was noticed.
    private static Exception? Unexpected(Exception error) => error is BrokerUnavailableException ? null : error;

    [LoggerMessage(700, LogLevel.Warning, "Task states cannot be published: {Why} Retrying; the recovery is logged")]
    private static partial void LogNotTold(ILogger log, string why, Exception? error);

    [LoggerMessage(705, LogLevel.Information, "Task states are published again, after {Seconds:0} s")]
    private static partial void LogTold(ILogger log, double seconds);

    [LoggerMessage(702, LogLevel.Warning, "Task states cannot be stored: {Why} Retrying; the recovery is logged")]
    private static partial void LogNotKept(ILogger log, string why, Exception? error);

    [LoggerMessage(706, LogLevel.Information, "Task states are stored again, after {Seconds:0} s")]
    private static partial void LogKept(ILogger log, double seconds);
}
