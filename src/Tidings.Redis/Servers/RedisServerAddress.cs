using StackExchange.Redis;

namespace Tidings.Redis.Servers;

/// <summary>One server as the application's configuration names it.</summary>
internal static class RedisServerAddress
{
    private const string Unknown = "(not shown)";

    /// <summary>How long connecting may take.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Commands that the client library sends of its own accord and that an account with few rights may not send, or that a server whose disk is full refuses (PING).</summary>
    private static readonly HashSet<string> Unneeded = ["CLUSTER", "SENTINEL", "CLIENT", "ECHO", "HELLO", "PING"];

    /// <summary>Whether it can be read, and has at least one host.</summary>
    public static bool IsValid(string address)
    {
        try
        {
            return EndPoint(address) is not Unknown && ConfigurationOptions.Parse(address).EndPoints.Count > 0;
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether it names servers of a Cluster: several that are no sentinels.</summary>
    public static bool IsCluster(string address)
    {
        var options = ConfigurationOptions.Parse(address);
        return options.EndPoints.Count > 1 && string.IsNullOrEmpty(options.ServiceName);
    }

    public static ConfigurationOptions Parse(string address)
    {
        var options = ConfigurationOptions.Parse(address);
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = (int)ConnectTimeout.TotalMilliseconds;
        options.KeepAlive = 0;
        options.ConfigCheckSeconds = 0;

        // No key or channel of the library's own.
        options.TieBreaker = "";
        options.ConfigurationChannel = "";
        options.DefaultVersion = new Version(7, 0);
        options.CommandMap = CommandMap.Create(Unneeded, available: false);
        options.SyncTimeout = (int)ConnectTimeout.TotalMilliseconds;
        options.AsyncTimeout = (int)RedisConnection.Deadline.TotalMilliseconds;

        // Two sockets: the probe goes out over one and comes back over the other, which shows a link that is deaf and answers.
        options.Protocol = RedisProtocol.Resp2;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.SetClientLibrary = false;

        // CONFIG GET counts as an administrator's command.
        options.AllowAdmin = true;
        if (!options.Ssl)
        {
            // With TLS nothing of it can be seen here, and the server has shown who it is.
            options.Tunnel = new GuardedTunnel();
        }

        return options;
    }

    /// <summary>Host and port, which alone may be shown: whatever else stands there may be a password, however it is written.</summary>
    public static string EndPoint(string address) =>
        address.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(static part => part.Length > 0 && !part.Contains('=', StringComparison.Ordinal)) is { } host
        && host.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']') && !host.StartsWith(':')
            ? host
            : Unknown;
}
