using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Endpoints;

internal static partial class EndpointLog
{
    [LoggerMessage(320, LogLevel.Error, "The handler of {Route} failed; connection {Connection} is closed with 1011")]
    public static partial void HandlerFailed(ILogger log, Exception error, string route, string connection);

    [LoggerMessage(321, LogLevel.Warning, "The handler of {Route} still runs {Seconds} s after connection {Connection} ended; its request ends without it. Pass WebSocketConnection.Aborted, or the CancellationToken, to what it waits for")]
    public static partial void HandlerLeftBehind(ILogger log, string route, string connection, int seconds);

    [LoggerMessage(322, LogLevel.Debug, "Connection {Connection} of {Route} ended with {Code} {Reason}")]
    public static partial void Disconnected(ILogger log, string route, string connection, int code, string reason);
}
