using Tidings.Protocol;

namespace Tidings.Options;

/// <summary>Finds the faults in receivers of events, each under its key.</summary>
internal static class EventFaults
{
    /// <summary>What a secret of Standard Webhooks begins with.</summary>
    public const string SecretPrefix = "whsec_";

    private const int MostReceivers = 16;
    private const int MostSecrets = 2;
    private const int ShortestSecret = 24;
    private const int LongestSecret = 64;

    public static IEnumerable<string> Of(TidingsOptions options)
    {
        if (options.Events.Count > MostReceivers)
        {
            yield return $"Tidings:Events has {options.Events.Count} receivers; at most {MostReceivers} are told.";
        }

        foreach (var (index, receiver) in options.Events.Index())
        {
            var key = $"Tidings:Events:{index}:";
            if (receiver.Url is null || !HookFaults.IsHookUrl(receiver.Url))
            {
                // Not the value: a URL may bear a password.
                yield return $"{key}Url {(receiver.Url is null ? "is missing; it must" : "must")} be a URL with http or https and a host, without user and fragment, as https://app.example.com/events.";
            }

            if (SecretsOf(receiver.Secret) is not { Count: > 0 and <= MostSecrets })
            {
                yield return $"{key}Secret {(receiver.Secret is null ? "is missing" : "is malformed")}; it must be {SecretPrefix} and {ShortestSecret} to {LongestSecret} bytes in base64, or two such with a space between them.";
            }

            foreach (var (place, type) in receiver.Types.Index())
            {
                if (EventNames.Find(type) is null)
                {
                    yield return $"{key}Types:{place} is \"{OptionFault.Shown(type)}\"; it must be one of {string.Join(", ", EventNames.All)}.";
                }
            }

            foreach (var (place, pattern) in receiver.Channels.Index())
            {
                if (ChannelPattern.Fault(pattern) is { } fault)
                {
                    yield return $"{key}Channels:{place} is \"{OptionFault.Shown(pattern)}\"; it {fault}.";
                }
            }

            if (receiver.Channels.Count == 0 && receiver.Types.Contains(EventNames.Of(EventType.MessagePublished)))
            {
                yield return $"{key}Types names message.published, and there are no {key}Channels: messages are told of channels that are named.";
            }
        }
    }

    /// <summary>The keys of a secret, in the order in which they sign; null where one of them is none.</summary>
    public static IReadOnlyList<byte[]>? SecretsOf(string? secret)
    {
        var keys = new List<byte[]>(MostSecrets);
        foreach (var text in (secret ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var key = new byte[LongestSecret + 3];
            if (!text.StartsWith(SecretPrefix, StringComparison.Ordinal)
                || !Convert.TryFromBase64String(text[SecretPrefix.Length..], key, out var length) || length is < ShortestSecret or > LongestSecret)
            {
                return null;
            }

            keys.Add(key[..length]);
        }

        return keys;
    }
}
