using System.Text;

namespace Tidings.Protocol;

/// <summary>What may name a task, and its channels.</summary>
internal static class TaskId
{
    /// <summary>What stands before a task's id in the name of its channel.</summary>
    public const string Prefix = "task:";

    /// <summary>What stands behind a task's channel in the name of the one with what its worker logs.</summary>
    public const string LogSuffix = ":log";

    public const string Rule = "1 to 128 bytes of letters and digits (Unicode's form C) and _ . - @, not beginning with a dot";

    private const int MaxBytes = 128;

    // No colon, so that no task's channel is another's log; no dot in front, so that no client takes it for a path.
    public static bool IsValid(string id) =>
        ChannelName.IsValidRoom(id) && !id.Contains(':', StringComparison.Ordinal) && id[0] != '.' && Encoding.UTF8.GetByteCount(id) <= MaxBytes;

    public static string ChannelOf(string id) => Prefix + id;

    public static string LogOf(string id) => Prefix + id + LogSuffix;

    /// <summary>The id in the name of a task's channel, or of its log's; null where it is another channel.</summary>
    public static string? FromChannel(string channel)
    {
        if (!channel.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var id = channel[Prefix.Length..];
        id = id.EndsWith(LogSuffix, StringComparison.Ordinal) ? id[..^LogSuffix.Length] : id;
        return IsValid(id) ? id : null;
    }
}
