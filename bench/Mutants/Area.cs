using System.IO.Enumeration;

namespace Tidings.Bench.Mutants;

/// <summary>A part of the sources that is judged by itself.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Project">The folder of its sources, from the root.</param>
/// <param name="Files">Names of files, wherever they lie in that folder, with * for any part; those with ! in front are left out.</param>
internal sealed record Area(string Name, string Project, params string[] Files)
{
    /// <summary>All of them. A file belongs to the first that has it.</summary>
    public static readonly IReadOnlyList<Area> All =
    [
        new("patterns", "src/Tidings.Protocol", "ChannelName.cs", "ChannelPattern.cs"),
        new("protocol", "src/Tidings.Protocol", "*.cs", "!ProtocolCatalog.cs", "!ProtocolMessage.cs"),
        new("patterns", "src/Tidings", "ChannelKind.cs", "ChannelKinds.cs", "Permissions.cs", "ChannelGrants.cs"),
        new("tokens", "src/Tidings", "Token*.cs", "*TokenKey.cs", "PemKey.cs", "JwtKeys.cs", "JwtAuthenticator.cs", "Revocations.cs", "GrantsCache.cs"),
        new("brokers", "src/Tidings", "MemoryBroker.cs", "MemoryLog.cs", "IdempotencyKeys.cs", "AbsentEpochs.cs", "HistoryBudget.cs", "KeyRates.cs", "LogEntry.cs", "ChannelFeed.cs"),
        new("brokers", "src/Tidings.Redis", "NodeLease.cs"),
        new("feeds", "src/Tidings", "LaneSubscribers.cs", "Backlog.cs", "Subscription.cs", "SubscriptionList.cs", "ChannelState.cs", "OutboundQueue.cs", "Connection.Sending.cs"),
        new(".NET client", "src/Tidings.Client", "ChannelFeed*.cs", "ChannelTable.cs", "SharedChannel.cs", "EventQueue.cs", "OwnMessages.cs", "Outbox.cs", "PendingCommand.cs",
            "Backoff.cs", "ReconnectPlan.cs", "ClientToken.cs", "Waits.cs", "CommandWriter.cs", "FrameReading.cs", "PositionText.cs", "ServerFrame.cs",
            "FollowQuery.cs", "Refusal.cs", "RetryAfter.cs", "ServerAddress.cs", "BoundedStream.cs"),
        new("JavaScript client", "clients/js/src", "*.js"),
    ];

    public bool IsJavaScript => Files is ["*.js"];

    public bool Has(string path)
    {
        var name = Path.GetFileName(path);
        return path.StartsWith(Project + "/", StringComparison.Ordinal)
            && Files.Any(pattern => pattern[0] != '!' && FileSystemName.MatchesSimpleExpression(pattern, name))
            && !Files.Any(pattern => pattern[0] == '!' && FileSystemName.MatchesSimpleExpression(pattern.AsSpan(1), name));
    }
}
