using System.Net.Http.Headers;
using Tidings.Faults.Processes;

namespace Tidings.Faults.World;

/// <summary>How the nodes of a run are set up, besides where Redis is.</summary>
internal static class NodeSettings
{
    /// <summary>The admin key of all nodes.</summary>
    public const string AdminKey = "admin-key-of-the-fault-runs";

    /// <summary>What a request to the server API bears.</summary>
    public static AuthenticationHeaderValue Authorization { get; } = new("Bearer", AdminKey);

    /// <summary>What nodes check tokens by.</summary>
    public const string TokenSecret = "what all nodes of a fault run check tokens by";

    // Nothing is trimmed, so that every gap that is announced needs another reason.
    public static IReadOnlyDictionary<string, string> Environment(WorldOptions options) => new Dictionary<string, string>
    {
        ["Tidings__Drain"] = options.Drain.ToString("c"),
        ["Tidings__AdminKey"] = AdminKey,
        ["DOTNET_ROOT"] = Programs.DotnetRoot,
        ["DOTNET_gcServer"] = "0",
        ["Tidings__Jwt__Secret"] = TokenSecret,
        ["Tidings__Channels__0__Pattern"] = "chat:*",
        ["Tidings__Channels__0__History"] = "100000",
        ["Tidings__Channels__0__HistoryAge"] = "1h",
        ["Tidings__Channels__1__Pattern"] = "lobby:*",
        ["Tidings__Channels__1__Presence"] = "true",
        ["Tidings__Channels__2__Pattern"] = "secret:*",
        ["Tidings__Channels__2__History"] = "100000",
        ["Tidings__Channels__2__Subscribe"] = "users",
    };
}
