using Tidings.Faults.Processes;

namespace Tidings.Faults.World;

/// <summary>How the nodes of a run are set up, besides where Redis is.</summary>
internal static class NodeSettings
{
    // Nothing is trimmed, so that every gap that is announced needs another reason.
    public static IReadOnlyDictionary<string, string> Environment(WorldOptions options) => new Dictionary<string, string>
    {
        ["Tidings__Drain"] = options.Drain.ToString("c"),
        ["DOTNET_ROOT"] = Programs.DotnetRoot,
        ["DOTNET_gcServer"] = "0",
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
