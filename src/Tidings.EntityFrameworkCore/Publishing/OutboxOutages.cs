using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Diagnostics;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Publishing;

/// <summary>Logs that the database of a context, or the broker of its events, is away, and when it is back: once, however often each is tried again. Safe from any thread.</summary>
internal sealed partial class OutboxOutages(string context, TimeProvider time, ILogger log)
{
    // Of what is under way at once some may fail and some not.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    private readonly Outage _database = new(time, Calm);
    private readonly Outage _publishing = new(time, Calm);

    public void DatabaseFailed(Exception error)
    {
        // The broker's own absence is logged where it is noticed.
        if (error is not BrokerUnavailableException && _database.Begins(error.Message))
        {
            LogDatabaseFailed(log, context, error.Message, Unexpected(error));
        }
    }

    public void DatabaseAnswered()
    {
        if (_database.Ends() is { } end)
        {
            LogDatabaseAnswered(log, context, end.Lasted.TotalSeconds);
        }
    }

    public void PublishFailed(Exception error)
    {
        if (_publishing.Begins(error.Message))
        {
            LogPublishFailed(log, context, error.Message, Unexpected(error));
        }
    }

    public void Published()
    {
        if (_publishing.Ends() is { } end)
        {
            LogPublished(log, context, end.Lasted.TotalSeconds);
        }
    }

    // The stack of something that is merely away says nothing.
    private static Exception? Unexpected(Exception error) => error is RelayLostException || DatabaseFault.IsPassing(error) ? null : error;

    [LoggerMessage(1101, LogLevel.Warning, "The database of {Context} does not answer: {Why} Retrying; the recovery is logged")]
    private static partial void LogDatabaseFailed(ILogger log, string context, string why, Exception? error);

    [LoggerMessage(1106, LogLevel.Information, "The database of {Context} answers again, after {Seconds:0} s")]
    private static partial void LogDatabaseAnswered(ILogger log, string context, double seconds);

    [LoggerMessage(1102, LogLevel.Warning, "Committed events of {Context} cannot be published: {Why} Retrying; the recovery is logged")]
    private static partial void LogPublishFailed(ILogger log, string context, string why, Exception? error);

    [LoggerMessage(1107, LogLevel.Information, "Committed events of {Context} are published again, after {Seconds:0} s")]
    private static partial void LogPublished(ILogger log, string context, double seconds);
}
