using System.Collections.Frozen;

namespace Tidings.Server.Logs;

/// <summary>A query string for the log. Tokens stand in query strings, also under names that are misspelt: only what is known to be none is shown.</summary>
internal static class QueryText
{
    private const string Hidden = "…";

    // As long as an offset, a channel's name or a number may be; a token in their place is longer.
    private const int LongestValue = 64;

    private static readonly FrozenSet<string> Shown =
        new[] { "ping", "wait", "last", "limit", "after", "channel", "pattern", "presence" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Named = new[] { "token", "ticket", "since", "channelToken" }.ToFrozenSet(StringComparer.Ordinal);

    public static string Redact(QueryString query) => !query.HasValue || query.Value is not { Length: > 1 } text
        ? ""
        : "?" + string.Join('&', text[1..].Split('&').Select(Redact));

    private static string Redact(string pair)
    {
        var (name, value) = pair.IndexOf('=', StringComparison.Ordinal) is var at and >= 0 ? (pair[..at], pair[(at + 1)..]) : (pair, "");
        return Shown.Contains(name) ? $"{name}={(value.Length <= LongestValue ? value : Hidden)}"
            : Named.Contains(name) ? $"{name}={Hidden}"
            : Hidden;
    }
}
