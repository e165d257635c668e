using Microsoft.Extensions.Logging;

namespace Tidings.EntityFrameworkCore.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(1100, LogLevel.Information, "This node publishes the outbox of {Context}")]
    public static partial void Holds(ILogger log, string context);

    [LoggerMessage(1103, LogLevel.Error, "The broker refuses an event for {Channel} for good; the event is skipped")]
    public static partial void EventRefused(ILogger log, Exception error, string channel);

    [LoggerMessage(1104, LogLevel.Information, "The database refused a value of a request for {Resource}: {Why}")]
    public static partial void ValueRefused(ILogger log, string resource, string why);
}
