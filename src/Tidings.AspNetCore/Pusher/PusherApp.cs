using System.Security.Cryptography;
using System.Text;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Pusher;

/// <summary>One application of the Pusher protocol: its keys, and its part of all channels' names.</summary>
/// <param name="options">The application.</param>
/// <param name="others">The other applications of this server, whose names it must not take for its own.</param>
internal sealed class PusherApp(PusherAppOptions options, IReadOnlyList<PusherAppOptions> others)
{
    private const string ServerToUser = "#server-to-user-";

    private readonly byte[] _secret = Encoding.UTF8.GetBytes(options.Secret);

    public string Id => options.Id;
    public string Key => options.Key;
    public string Prefix => options.Prefix;

    /// <summary>Back ends that are told by webhooks.</summary>
    public IEnumerable<PusherWebhookOptions> Webhooks => options.Webhooks;

    /// <summary>The applications, each of which knows the others.</summary>
    public static IEnumerable<PusherApp> AllOf(PusherOptions options) => options.Apps.Select(app => new PusherApp(app, [.. options.Apps.Where(other => other != app)]));

    /// <summary>Whether a name is one of the protocol's: at most 164 characters of <c>A-Z a-z 0-9 _ - = @ , . ;</c>.</summary>
    public static bool IsChannel(string name)
    {
        const int Longest = 164;
        var rest = name.StartsWith(ServerToUser, StringComparison.Ordinal) ? name.AsSpan(ServerToUser.Length) : name;
        if (rest.IsEmpty || rest.Length > Longest)
        {
            return false;
        }

        foreach (var c in rest)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '=' or '@' or ',' or '.' or ';'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The name in the log that all clients share. Messages to a user are those of the channel <c>user:&lt;id&gt;</c>.</summary>
    public string ToLog(string channel) => channel.StartsWith(ServerToUser, StringComparison.Ordinal)
        ? ChannelName.UserPrefix + UserName(channel[ServerToUser.Length..])
        : Prefix + channel;

    /// <summary>The name that clients of the protocol know; null where the channel is not one of the application's.</summary>
    public string? FromLog(string channel)
    {
        var user = ChannelName.UserPrefix + Prefix;
        var name = channel.StartsWith(user, StringComparison.Ordinal) ? ServerToUser + channel[user.Length..]
            : channel.StartsWith(Prefix, StringComparison.Ordinal) ? channel[Prefix.Length..]
            : "";
        return IsChannel(name) ? name : null;
    }

    /// <summary>The name under which the application's users are known to the server.</summary>
    public string UserName(string id) => Prefix + id;

    /// <summary>Whether an id is no user of another application under <see cref="UserName"/>.</summary>
    public bool IsOwnUser(string id) => !others.Any(other => other.Prefix.Length > Prefix.Length && UserName(id).StartsWith(other.Prefix, StringComparison.Ordinal));

    /// <summary>Whether a channel of the log is one of the application's own, and of no other one with a longer prefix.</summary>
    public bool IsOwnChannel(string channel) =>
        channel.StartsWith(Prefix, StringComparison.Ordinal) && IsChannel(channel[Prefix.Length..]) && !others.Any(other => other.Prefix.Length > Prefix.Length && channel.StartsWith(other.Prefix, StringComparison.Ordinal));

    /// <summary>The signature of a body, in lower-case hexadecimal.</summary>
    public string Sign(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(HMACSHA256.HashData(_secret, body));

    /// <summary>Whether <paramref name="auth"/> is <c>key:signature</c> of the text, by this application.</summary>
    public bool Verifies(string? auth, string text) =>
        auth is not null
        && auth.Length == Key.Length + 1 + (2 * HMACSHA256.HashSizeInBytes)
        && auth.StartsWith(Key, StringComparison.Ordinal)
        && auth[Key.Length] == ':'
        && IsSignature(auth[(Key.Length + 1)..], text);

    /// <summary>Whether this is the signature of the text, in lower-case hexadecimal. Compared in constant time.</summary>
    public bool IsSignature(string? signature, string text) =>
        signature is not null
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(signature), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(text)))));
}
