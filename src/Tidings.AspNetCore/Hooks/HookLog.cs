using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Hooks;

internal static partial class HookLog
{
    // Neither the body nor the query: both may bear secrets of users.
    [LoggerMessage(400, LogLevel.Warning, "The hook {Host}{Path} failed: {Reason}")]
    public static partial void Failed(ILogger log, string host, string path, string reason);
}
