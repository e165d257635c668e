using Tidings.Options;
using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Engine;

/// <summary>Finds every fault in the options, each under its key.</summary>
internal static class TidingsOptionsValidator
{
    private const int ShortestKey = 16;

    public static IEnumerable<string> Faults(TidingsOptions options)
    {
        foreach (var fault in (IEnumerable<string>)[
            .. OptionFaults.Of(options, "Tidings:"),
            .. OptionFaults.Of(options.Heartbeat, "Tidings:Heartbeat:"),
            .. OptionFaults.Of(options.Limits, "Tidings:Limits:"),
            .. OptionFaults.Of(options.Overload, "Tidings:Overload:"),
            .. OptionFaults.Of(options.Compression, "Tidings:Compression:"),
            .. OptionFaults.Of(options.Clients, "Tidings:Clients:"),
            .. OptionFaults.Of(options.Tasks, "Tidings:Tasks:"),
            .. OptionFaults.Of(options.Streams, "Tidings:Streams:"),
            .. OptionFaults.Of(options.Hooks, "Tidings:Hooks:"),
            .. OptionFaults.Of(options.Jwt, "Tidings:Jwt:"),
            .. options.Jwt.Keys.SelectMany(static (key, index) => OptionFaults.Of(key, $"Tidings:Jwt:Keys:{index}:")),
            .. options.Jwt.Issuers.SelectMany(static (issuer, index) => OptionFaults.Of(issuer, $"Tidings:Jwt:Issuers:{index}:")),
            .. options.Channels.SelectMany(static (channel, index) => OptionFaults.Of(channel, $"Tidings:Channels:{index}:")),
            .. options.Pusher.Apps.SelectMany(static (app, index) => OptionFaults.Of(app, $"Tidings:Pusher:Apps:{index}:")),
            .. options.Events.SelectMany(static (receiver, index) => OptionFaults.Of(receiver, $"Tidings:Events:{index}:")),
            .. PusherFaults.Of(options),
            .. CentrifugeFaults.Of(options),
            .. EventFaults.Of(options),
            .. HookFaults.Of(options)])
        {
            yield return fault;
        }

        foreach (var fault in ExampleSecrets.Faults(options, "Tidings:"))
        {
            yield return fault;
        }

        foreach (var (name, key) in new[] { ("ApiKey", options.ApiKey), ("AdminKey", options.AdminKey), ("WorkerKey", options.WorkerKey) })
        {
            if (key is not null && key.Trim().Length < ShortestKey)
            {
                yield return $"Tidings:{name} is too short; a key has at least {ShortestKey} characters.";
            }
        }

        if (options.AdminKey is not null && options.AdminKey == options.ApiKey)
        {
            yield return "Tidings:AdminKey is the same as Tidings:ApiKey; who may publish would run the server. They must differ.";
        }

        if (options.WorkerKey is not null && (options.WorkerKey == options.ApiKey || options.WorkerKey == options.AdminKey))
        {
            yield return "Tidings:WorkerKey is the same as another key; whoever may report progress would publish. They must differ.";
        }

        JwtIssuers.Read(options.Jwt, [], out var tokenFaults);
        foreach (var fault in tokenFaults)
        {
            yield return fault;
        }

        foreach (var (index, origin) in options.AllowedOrigins.Index())
        {
            if (!IsOrigin(origin))
            {
                yield return OptionFault.Of<TidingsOptions>(
                    nameof(TidingsOptions.AllowedOrigins), $"Tidings:AllowedOrigins:{index}", origin, "scheme and host without a path, as https://app.example.com");
            }
        }

        foreach (var (index, channel) in options.Channels.Index())
        {
            if (ChannelPattern.Fault(channel.Pattern) is { } fault)
            {
                yield return $"Tidings:Channels:{index}:Pattern is \"{OptionFault.Shown(channel.Pattern)}\"; it {fault}.";
                continue;
            }

            if (channel is { PresenceInfo: true, Presence: false })
            {
                yield return $"Tidings:Channels:{index}:PresenceInfo needs Tidings:Channels:{index}:Presence: without it nobody is a member.";
            }

            foreach (var (name, rule) in new[] { (nameof(channel.Publish), channel.Publish), (nameof(channel.Subscribe), channel.Subscribe) })
            {
                if (UserRule.Of(rule)?.Fault(new ChannelPattern(channel.Pattern)) is { } wrong)
                {
                    yield return $"Tidings:Channels:{index}:{name} is \"{OptionFault.Shown(rule.Compared)}\"; it {wrong}.";
                }
            }
        }

        var preset = Limits.Preset(options.Limits.Preset);
        var soft = options.Limits.MessageBytes ?? preset.MessageBytes;
        var hard = options.Limits.HardMessageBytes ?? preset.HardMessageBytes;
        if (hard != 0 && soft > hard && options.Limits.MessageBytes is not null)
        {
            yield return $"Tidings:Limits:MessageBytes ({soft}) is over Tidings:Limits:HardMessageBytes ({hard}); it must be at most that.";
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "http" or "https", PathAndQuery: "/", Fragment: "", UserInfo: "" }
        && !text.EndsWith('/');
}
