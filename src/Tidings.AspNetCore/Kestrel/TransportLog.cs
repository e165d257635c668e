using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Kestrel;

internal static partial class TransportLog
{
    [LoggerMessage(110, LogLevel.Error, "No connection can be accepted now (errno {Errno}): the process has no file descriptor or memory left. Raise its limit on open files")]
    public static partial void Exhausted(ILogger log, int errno);

    [LoggerMessage(111, LogLevel.Error, "A handshake failed, and its connection was closed")]
    public static partial void HandshakeFailed(ILogger log, Exception error);
}
