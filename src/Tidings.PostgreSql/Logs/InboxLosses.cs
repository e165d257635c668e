using Microsoft.Extensions.Logging;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Logs;

/// <summary>Counts and logs what transactions have published and no channel can keep. Safe from any thread.</summary>
internal sealed partial class InboxLosses(PostgreSqlMetrics metrics, ILogger log)
{
    private readonly ILogger _log = log;

    /// <summary>Something was published under a name that no channel may have.</summary>
    public void WrongName(string channel)
    {
        if (metrics.Dropped("inbox"))
        {
            LogWrongName(channel);
        }
    }

    /// <summary>So many messages had no room in their channels' states.</summary>
    public void Refused(int count)
    {
        if (count > 0 && metrics.Dropped("state", count))
        {
            LogRefused(count);
        }
    }

    [LoggerMessage(710, LogLevel.Warning, "What tidings.publish said in \"{Channel}\" was dropped: it is no name of a channel")]
    private partial void LogWrongName(string channel);

    [LoggerMessage(711, LogLevel.Warning, "{Count} messages of tidings.publish were dropped: their channels' states have as many keys or bytes as they may (StateKeys, StateBytes)")]
    private partial void LogRefused(int count);
}
