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
}
