using System.Diagnostics;
using Tidings.Messages;

namespace Tidings.Diagnostics;

/// <summary>The spans of Tidings: <c>publish</c>, <c>deliver</c> on every node and lane that has subscribers, <c>handler</c>, <c>hook</c>.</summary>
internal static class Tracing
{
    /// <summary>How long W3C's <c>traceparent</c> is, version 00.</summary>
    public const int ContextLength = 55;

    public static readonly ActivitySource Source = new(TidingsMeter.Name);

    /// <summary>Whether a publish is to be traced: a listener is there, or the publish came with a recorded span.</summary>
    public static bool IsWanted => Source.HasListeners() || Activity.Current is { Recorded: true };

    public static Activity? BeginPublish(string channel)
    {
        var span = Source.StartActivity("publish", ActivityKind.Producer);
        span?.SetTag("messaging.system", "tidings").SetTag("messaging.destination.name", channel);
        return span;
    }

    /// <summary>What goes along with a message that <paramref name="span"/> publishes, or of the caller's span, where there is no such span.</summary>
    public static string? ContextOf(Activity? span) => (span ?? Activity.Current) is { Recorded: true, IdFormat: ActivityIdFormat.W3C } recorded ? recorded.Id : null;

    /// <summary>The context, where it is one.</summary>
    public static string? Valid(string? context) => ActivityContext.TryParse(context, null, out _) ? context : null;

    /// <summary>Notes that a message was written to subscribers.</summary>
    /// <param name="message">The message, with its context.</param>
    /// <param name="subscribers">How many got it.</param>
    /// <param name="now">The time.</param>
    /// <param name="took">How long it was on this node.</param>
    public static void Delivered(Message message, int subscribers, DateTimeOffset now, TimeSpan took)
    {
        if (!ActivityContext.TryParse(message.TraceParent, null, isRemote: true, out var parent))
        {
            return;
        }

        using var span = Source.StartActivity("deliver", ActivityKind.Consumer, parent, startTime: now - took);
        span?.SetTag("messaging.system", "tidings")
            .SetTag("messaging.destination.name", message.Channel)
            .SetTag("tidings.subscribers", subscribers)
            .SetEndTime(now.UtcDateTime);
    }
}
