using Microsoft.Extensions.Logging;
using Tidings.Diagnostics;

namespace Tidings.Events;

/// <summary>Whether a receiver is away, since when, and when it is asked again. Not safe for several threads.</summary>
internal sealed partial class DeliveryOutage(string receiver, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    private readonly Outage _logged = new(time, Calm);
    private int _failures;

    /// <summary>Why the receiver cannot be reached; null where it can.</summary>
    public string? Why { get; private set; }

    public bool Lasts => Why is not null;

    /// <summary>When it is asked again, by the clock's timestamps.</summary>
    public long AsksAt { get; private set; }

    public void AskNow() => AsksAt = 0;

    /// <summary>It could not be reached once more.</summary>
    public void GoOn(string why, TimeSpan? retryAfter)
    {
        Why = why;
        AsksAt = time.GetTimestamp() + (long)(DeliveryBackoff.After(++_failures, retryAfter).TotalSeconds * time.TimestampFrequency);
        Refused(why);
    }

    /// <summary>It has answered.</summary>
    public void End()
    {
        Why = null;
        _failures = 0;
        if (_logged.Ends() is { } end)
        {
            LogAnswers(log, receiver, end.Failures, end.Lasted.TotalSeconds);
        }
    }

    /// <summary>It has not taken something.</summary>
    public void Refused(string why)
    {
        if (_logged.Begins(why))
        {
            LogRefused(log, receiver, why);
        }
    }

    [LoggerMessage(423, LogLevel.Warning, "{Receiver} does not take events: {Reason}. They are kept and told again; logged again when it takes them or the reason changes")]
    private static partial void LogRefused(ILogger log, string receiver, string reason);

    [LoggerMessage(424, LogLevel.Information, "{Receiver} takes events again; {Failures} attempts failed within {Seconds:0} s")]
    private static partial void LogAnswers(ILogger log, string receiver, long failures, double seconds);
}
