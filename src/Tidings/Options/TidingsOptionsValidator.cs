using Tidings.Channels;
using Tidings.Protocol.Frames;
using Tidings.Security;

namespace Tidings.Options;

/// <summary>Finds every fault in the options, each under its key.</summary>
internal static class TidingsOptionsValidator
{
    private const int ShortestKey = 16;

    public static IEnumerable<string> Faults(TidingsOptions options)
    {
        var interval = options.Heartbeat.Interval;
        if (interval != TimeSpan.Zero && (interval < TimeSpan.FromMilliseconds(100) || interval > TimeSpan.FromHours(1)))
        {
            yield return Fault("Heartbeat:Interval", interval, "0 (off), or from 100ms to 1h");
        }

        if (options.Compression.Level is < 1 or > 9)
        {
            yield return Fault("Compression:Level", options.Compression.Level, "from 1 (fastest) to 9 (smallest)");
        }

        if (options.Compression.ThresholdBytes is < 0 or > MessageRules.LargestMessage)
        {
            yield return Fault("Compression:ThresholdBytes", options.Compression.ThresholdBytes, $"from 0 to {MessageRules.LargestMessage}");
        }

        if (options.Drain < TimeSpan.Zero || options.Drain > TimeSpan.FromHours(1))
        {
            yield return Fault("Drain", options.Drain, "from 0 to 1h");
        }

        foreach (var (name, key) in new[] { ("ApiKey", options.ApiKey), ("AdminKey", options.AdminKey), ("WorkerKey", options.WorkerKey) })
        {
            if (key is { Length: < ShortestKey })
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

        foreach (var fault in TaskFaults.Of(options.Tasks))
        {
            yield return fault;
        }

        JwtKeys.Read(options.Jwt, out var keyFaults);
        foreach (var fault in keyFaults)
        {
            yield return fault;
        }

        foreach (var origin in options.AllowedOrigins)
        {
            if (!IsOrigin(origin))
            {
                yield return Fault("AllowedOrigins", origin, "scheme and host without a path, as https://app.example.com");
            }
        }

        if (!Enum.IsDefined(options.Pump))
        {
            yield return Fault("Pump", options.Pump, "auto, lanes or streams");
        }

        foreach (var (index, channel) in options.Channels.Index())
        {
            foreach (var fault in ChannelFaults($"Channels:{index}", channel))
            {
                yield return fault;
            }
        }

        if (options.HandlerTimeout < TimeSpan.FromMilliseconds(10) || options.HandlerTimeout > TimeSpan.FromMinutes(10))
        {
            yield return Fault("HandlerTimeout", options.HandlerTimeout, "from 10ms to 10m");
        }

        foreach (var fault in HookFaults.Of(options))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(options.Clients.Duplicates))
        {
            yield return Fault("Clients:Duplicates", options.Clients.Duplicates, "replace, refuse or join");
        }

        if (!Enum.IsDefined(options.Language))
        {
            yield return Fault("Language", options.Language, "en or zh");
        }

        foreach (var fault in LimitFaults(options.Limits))
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> ChannelFaults(string key, ChannelOptions channel)
    {
        if (ChannelPattern.Fault(channel.Pattern) is { } fault)
        {
            yield return $"Tidings:{key}:Pattern is \"{channel.Pattern}\"; it {fault}.";
        }

        if (channel.History is < 0 or > 100_000)
        {
            yield return Fault($"{key}:History", channel.History, "from 0 to 100000");
        }

        if (channel.HistoryAge <= TimeSpan.Zero || channel.HistoryAge > TimeSpan.FromDays(30))
        {
            yield return Fault($"{key}:HistoryAge", channel.HistoryAge, "over 0 and at most 30d");
        }
    }

    private static IEnumerable<string> LimitFaults(LimitOptions limits)
    {
        var wrong = false;
        foreach (var (name, value, most) in new (string, long?, long)[]
        {
            ("MessageBytes", limits.MessageBytes, MessageRules.LargestMessage),
            ("HardMessageBytes", limits.HardMessageBytes, MessageRules.LargestMessage),
            ("QueueBytes", limits.QueueBytes, MessageRules.LargestMessage),
            ("MessagesPerSecond", limits.MessagesPerSecond, 1_000_000),
            ("MessageBurst", limits.MessageBurst, 1_000_000),
            ("BytesPerSecond", limits.BytesPerSecond, MessageRules.LargestMessage),
            ("MessagesPerSecondPerIp", limits.MessagesPerSecondPerIp, 1_000_000),
            ("MessagesPerSecondPerUser", limits.MessagesPerSecondPerUser, 1_000_000),
            ("MessagesPerSecondPerChannel", limits.MessagesPerSecondPerChannel, 1_000_000),
            ("ApiRequestsPerSecond", limits.ApiRequestsPerSecond, 1_000_000),
            ("HandshakesPerSecond", limits.HandshakesPerSecond, 1_000_000),
            ("Connections", limits.Connections, int.MaxValue),
            ("ConnectionsPerRoom", limits.ConnectionsPerRoom, int.MaxValue),
            ("ConnectionsPerIp", limits.ConnectionsPerIp, int.MaxValue),
            ("ConnectionsPerUser", limits.ConnectionsPerUser, int.MaxValue),
            ("UnauthenticatedConnections", limits.UnauthenticatedConnections, int.MaxValue),
            ("Subscriptions", limits.Subscriptions, int.MaxValue),
        })
        {
            if (value < 0 || value > most)
            {
                yield return Fault($"Limits:{name}", value, $"from 0 (no limit) to {most}");
                wrong = true;
            }
        }

        if (wrong)
        {
            yield break;
        }

        var preset = Limits.Preset(limits.Preset);
        var soft = limits.MessageBytes ?? preset.MessageBytes;
        var hard = limits.HardMessageBytes ?? preset.HardMessageBytes;
        if (hard != 0 && soft > hard && limits.MessageBytes is not null)
        {
            yield return $"Tidings:Limits:MessageBytes ({soft}) is over Tidings:Limits:HardMessageBytes ({hard}); it must be at most that.";
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "http" or "https", PathAndQuery: "/", Fragment: "", UserInfo: "" }
        && !text.EndsWith('/');

    private static string Fault(string key, object? value, string right) => $"Tidings:{key} is \"{value}\"; it must be {right}.";
}
