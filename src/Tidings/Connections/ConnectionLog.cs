using Microsoft.Extensions.Logging;

namespace Tidings.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(200, LogLevel.Error, "A route failed on a message; the connection is closed with 1011")]
    public static partial void HandlerFailed(ILogger log, Exception error);
}
