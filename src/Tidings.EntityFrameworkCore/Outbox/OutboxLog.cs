using Microsoft.Extensions.Logging;

namespace Tidings.EntityFrameworkCore.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(1100, LogLevel.Information, "This node publishes the outbox of {Context}")]
    public static partial void Holds(ILogger log, string context);

    [LoggerMessage(1101, LogLevel.Warning, "The outbox of {Context} cannot be read; trying again")]
    public static partial void DatabaseFailed(ILogger log, Exception error, string context);

    [LoggerMessage(1102, LogLevel.Warning, "An event for {Channel} cannot be published; trying again")]
    public static partial void PublishFailed(ILogger log, Exception error, string channel);

    [LoggerMessage(1103, LogLevel.Error, "The broker refuses an event for {Channel} for good; it is left out, and the outbox goes on")]
    public static partial void EventRefused(ILogger log, Exception error, string channel);

    [LoggerMessage(1104, LogLevel.Warning, "A request for {Resource} failed in the database")]
    public static partial void RequestFailed(ILogger log, Exception error, string resource);

    [LoggerMessage(1105, LogLevel.Warning, "The rows of {Resource} cannot be read now; its subscribers come back")]
    public static partial void ReadingFailed(ILogger log, Exception error, string resource);
}
