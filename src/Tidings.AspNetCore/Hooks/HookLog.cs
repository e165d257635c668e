using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Diagnostics;

namespace Tidings.AspNetCore.Hooks;

/// <summary>Says what is wrong with a hook when it begins and when it is over, however many requests ask it in between. Safe from any thread.</summary>
internal sealed partial class HookLog(ILogger log, TimeProvider time)
{
    // Of requests that are under way at once some may fail and some not.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    // By URL: those of the configuration, and no others.
    private readonly ConcurrentDictionary<Uri, Outage> _outages = new();

    /// <param name="url">The hook.</param>
    /// <param name="fault">What was wrong, without anything from the body; null where it has answered.</param>
    public void Asked(Uri url, string? fault)
    {
        var outage = _outages.GetOrAdd(url, static (_, time) => new Outage(time, Calm), time);
        if (fault is null)
        {
            if (outage.Ends() is { } end)
            {
                LogAnswers(log, url.Authority, url.AbsolutePath, end.Failures, end.Lasted.TotalSeconds);
            }
        }
        else if (outage.Begins(fault))
        {
            LogFailed(log, url.Authority, url.AbsolutePath, fault);
        }
    }

    // Neither the body nor the query: both may bear secrets of users.
    [LoggerMessage(400, LogLevel.Warning, "The hook {Host}{Path} failed, and the request was refused: {Reason}. Logged again when it recovers or the reason changes")]
    private static partial void LogFailed(ILogger log, string host, string path, string reason);

    [LoggerMessage(401, LogLevel.Information, "The hook {Host}{Path} answers again; {Failures} requests failed within {Seconds:0} s")]
    private static partial void LogAnswers(ILogger log, string host, string path, long failures, double seconds);
}
