using Microsoft.Extensions.Logging;

namespace Tidings.Lanes;

internal static partial class LaneLog
{
    [LoggerMessage(100, LogLevel.Error, "Work of kind {Kind} failed on its lane")]
    public static partial void WorkFailed(ILogger log, Exception error, string kind);
}
