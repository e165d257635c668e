using StackExchange.Redis;

namespace Tidings.Redis;

/// <summary>One server as the application's configuration names it.</summary>
internal static class RedisServerAddress
{
    /// <summary>How long connecting may take.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Commands that the client library sends of its own accord and that an account with few rights may not send.</summary>
    private static readonly HashSet<string> Unneeded = ["CLUSTER", "SENTINEL", "CLIENT", "ECHO"];

    /// <summary>Why it cannot be read, or null.</summary>
    public static string? Fault(string address)
    {
        try
        {
            return ConfigurationOptions.Parse(address).EndPoints.Count == 1 ? null : "there is not exactly one host in it";
        }
        catch (ArgumentException error)
        {
            return error.Message.Split('\n')[0];
        }
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
        return options;
    }

    public static string WithoutPassword(string address) =>
        string.Join(',', address.Split(',').Where(static part => !part.TrimStart().StartsWith("password", StringComparison.OrdinalIgnoreCase)));
}
