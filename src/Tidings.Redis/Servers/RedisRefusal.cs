namespace Tidings.Redis.Servers;

/// <summary>What a server says that can be read and takes no writes: the link to it is well.</summary>
internal static class RedisRefusal
{
    /// <summary>Why a server refuses to write, in words that a client may be told; null where it says something else.</summary>
    /// <param name="error">What it has answered.</param>
    public static string? Of(string error) => error switch
    {
        _ when error.StartsWith("OOM ", StringComparison.Ordinal) => "Nothing can be stored now: memory is full.",
        _ when error.StartsWith("NOREPLICAS ", StringComparison.Ordinal) => "Nothing can be stored now: too few replicas follow.",
        _ when error.StartsWith("MISCONF ", StringComparison.Ordinal) => "Nothing can be stored now: the disk cannot be written.",
        _ => null,
    };
}
