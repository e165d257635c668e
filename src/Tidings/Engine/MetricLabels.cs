using System.Collections.Frozen;
using Tidings.Messages;
using Tidings.Quotas;

namespace Tidings.Engine;

/// <summary>The labels of what is counted, and all that they may say. An exporter shows each of these from the start: a series that appears
/// with its first count hides that count from rates.</summary>
internal static class MetricLabels
{
    public static readonly FrozenDictionary<string, MetricLabel> Of = new Dictionary<string, MetricLabel>
    {
        ["tidings.broker.duration"] = new("operation", ["publish", "read", "listen"]),
        ["tidings.gaps"] = new("reason", [GapReason.Trimmed, GapReason.Slow, GapReason.Epoch]),
        ["tidings.postgres.dropped"] = new("where", ["log", "passing", "inbox", "state", "nodes", "presence", "revocations", "tickets", "clients", "task", "stream", "events"]),
        ["tidings.rate_limited"] = new("limit", RateLimitName.All),
        ["tidings.recoveries"] = new("result", ["recovered", "lost"]),
        ["tidings.redis.dropped"] = new("where", ["published", "log", "nodes", "presence", "revocations", "tickets", "clients", "task", "events"]),
        ["tidings.refused_connections"] = new("reason", ["node", "ip", "user", "room", "unauthenticated", "handshakes", "http", "draining", "overload"]),
        ["tidings.shed"] = new("reason", ["memory", "threads"]),
        ["tidings.tasks"] = new("status", [.. Enum.GetValues<WorkStatus>().Select(static status => status.ToWire())]),
    }.ToFrozenDictionary(StringComparer.Ordinal);
}

/// <summary>A label of a metric.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">What it may say.</param>
internal sealed record MetricLabel(string Name, IReadOnlyList<string> Values);
