using Tidings.AspNetCore.Keys;
using Tidings.Data.Directories;
using Tidings.Server.AdminKeys;
using Tidings.Server.Configuration;
using Tidings.Server.Options;

namespace Tidings.Server.Checking;

/// <summary>What is not wrong with a configuration, and yet good to know before strangers reach the server.</summary>
internal static class ConfigurationNotes
{
    public static IEnumerable<string> Of(ServerSettings settings, bool isTriedOut)
    {
        var options = settings.Options.Tidings;
        if (new DirectLocalRule(isTriedOut).HoldsWith(options))
        {
            yield return "Direct local requests need no key, as this is tried out (--demo, or the environment Development). Set Tidings:AdminKey before anybody else can reach it.";
        }
        else if (options.AdminKey is null)
        {
            yield return AdminKeyDirectories.Find() is { Count: > 0 } directories
                ? $"Tidings:AdminKey is not set: serve makes a key, in the first of these directories that can be written: {string.Join(", ", directories)}. Where none can be, what needs the key answers 401."
                : "Tidings:AdminKey is not set, and there is no directory to keep a made one in: what needs the key answers 401.";
            if (settings.Options.IsShared)
            {
                yield return $"{settings.Options.SharedKey} names what several nodes share, and Tidings:AdminKey is not set: a made key opens one node alone. Set it to the same on all nodes.";
            }
        }

        if (!isTriedOut && ProxyNote.Of(settings) is { } proxy)
        {
            yield return proxy;
        }

        foreach (var note in IssuerNotes.Of(options.Jwt))
        {
            yield return note;
        }

        if (options is { Centrifuge: { Enabled: true, Secret: null, Insecure: false }, Jwt.AcceptsTokens: false })
        {
            yield return "Tidings:Centrifuge is on, and there is neither Tidings:Centrifuge:Secret nor Tidings:Jwt: no token is accepted, and all its clients are anonymous.";
        }

        if (settings.Options.Data is { } data && DataPlace.NoteOf(data) is { } place)
        {
            yield return place;
        }

        if (settings.Options.RedisServers is > 1 and var servers)
        {
            yield return $"Tidings:Redis names {servers} independent servers. One more behind them takes one channel in {servers + 1}, and with the last one out one in {servers} moves: those begin anew with a gap. All nodes stop before nodes with another list start.";
        }

        if (settings.Options is { IsShared: true, ClusterKey.Count: 0 })
        {
            yield return $"Tidings:ClusterKey is not set: whoever may write in {(settings.Options.Redis is null ? "the tables" : "Redis")} can make tickets, revocations and nodes' requests. Set it to the same secrets on all nodes.";
        }
    }

    /// <summary>Where logs and what goes with them are kept, and what that promises.</summary>
    public static (string Name, string Promise) EngineOf(ServerOptions options) =>
        options.Engine == EngineKind.Postgres ? ("postgres", "all nodes share the logs, and SELECT tidings.publish(…) publishes in any transaction; durable messages are on PostgreSQL's disk before they are acknowledged.")
        : options.Redis is not null ? ("redis", "all nodes share the logs; durable messages are accepted where Redis writes each command to disk before it answers.")
        : options.Data is { } data ? ("data", $"one node, whose logs, tasks, revocations and tickets are in {data} and survive it; durable messages are on disk before they are acknowledged.")
        : ("memory", "one node, whose logs end with the process; durable messages are refused. Tidings:Data (--data) keeps them in a directory.");
}
