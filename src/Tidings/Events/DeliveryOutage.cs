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

    /// <summary>Whether it is there, and takes nothing.</summary>
    public bool Refuses { get; private set; }

    /// <summary>It could not be reached once more.</summary>
    public void GoOn(string why, TimeSpan? retryAfter)
    {
        Begin(why, refuses: false, DeliveryBackoff.After(++_failures, retryAfter));
        Refused(why);
    }

    /// <summary>Nobody has asked it: others know that it cannot be reached.</summary>
    public void Wait(string why, TimeSpan until)
    {
        Begin(Why ?? why, Refuses, until);
        if (_failures == 0)
        {
            Refused(why);
        }
    }

    /// <summary>It has taken nothing of all that it was told last.</summary>
    /// <param name="why">Why.</param>
    /// <param name="retryAfter">When it wants to be asked again.</param>
    /// <param name="isAskedOn">Whether it is asked at once for parts of what it did not take.</param>
    public void GoOnRefusing(string why, TimeSpan? retryAfter, bool isAskedOn)
    {
        var wait = DeliveryBackoff.After(++_failures, retryAfter);
        Begin(why, refuses: true, isAskedOn && retryAfter is null ? TimeSpan.Zero : wait < DeliveryBackoff.LongestOfRefusals || retryAfter is not null ? wait : DeliveryBackoff.LongestOfRefusals);
        Refused(why);
    }

    /// <summary>It has answered.</summary>
    public void End()
    {
        (Why, Refuses) = (null, false);
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

    private void Begin(string why, bool refuses, TimeSpan wait)
    {
        (Why, Refuses) = (why, refuses);
        AsksAt = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
    }

    [LoggerMessage(423, LogLevel.Warning, "{Receiver} does not take events: {Reason}. They are kept and told again; logged again when it takes them or the reason changes")]
    private static partial void LogRefused(ILogger log, string receiver, string reason);

    [LoggerMessage(424, LogLevel.Information, "{Receiver} takes events again; {Failures} attempts failed within {Seconds:0} s")]
    private static partial void LogAnswers(ILogger log, string receiver, long failures, double seconds);
}
