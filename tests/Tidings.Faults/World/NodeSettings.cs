using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tidings.Faults.Processes;

namespace Tidings.Faults.World;

/// <summary>How the nodes of a run are set up, besides where Redis is.</summary>
internal static class NodeSettings
{
    /// <summary>The admin key of all nodes.</summary>
    public const string AdminKey = "admin-key-of-the-fault-runs";

    /// <summary>What a request to the server API bears.</summary>
    public static AuthenticationHeaderValue Authorization { get; } = new("Bearer", AdminKey);

    private const string TokenSecret = "what all nodes of a fault run check tokens by";

    /// <summary>A token of this user that is good for as long as any run takes.</summary>
    public static string TokenOf(string user)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var signed = Base64Url.EncodeToString("""{"alg":"HS256"}"""u8) + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { sub = user, iat = now - 1, exp = now + 36_000 }));
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(TokenSecret), Encoding.ASCII.GetBytes(signed)));
    }

    /// <summary>What is added where a back end is told of everything but what intruders ask for.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Events(Uri receiver) =>
    [
        new("Tidings__Events__0__Url", receiver.ToString()),
        new("Tidings__Events__0__Secret", "whsec_" + Convert.ToBase64String(Encoding.ASCII.GetBytes(TokenSecret))),
        new("Tidings__Events__0__Channels__0", "chat:*"),
        new("Tidings__Events__0__Channels__1", "lobby:*"),
        new("Tidings__Events__0__Channels__2", "here:*"),
    ];

    // Nothing is trimmed, so that every gap that is announced needs another reason.
    public static IReadOnlyDictionary<string, string> Environment(WorldOptions options) => new Dictionary<string, string>
    {
        ["Tidings__Drain"] = options.Drain.ToString("c"),
        ["Tidings__AdminKey"] = AdminKey,

        // What else the machine does, or that a node has stood still, is no reason to refuse those who come back: a client that is refused may stay away for longer than anything here is waited for.
        ["Tidings__Overload__QueueDelay"] = "0",
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
        ["Tidings__Channels__3__Pattern"] = "board:*",
        ["Tidings__Channels__3__State"] = "true",
        ["Tidings__Channels__3__History"] = "50",
        ["Tidings__Channels__4__Pattern"] = "here:*",
        ["Tidings__Channels__4__Presence"] = "true",
    };
}
