using Tidings.Protocol;

namespace Tidings.Options;

/// <summary>What is wrong with the applications of the Pusher protocol.</summary>
internal static class PusherFaults
{
    private const int ShortestSecret = 16;
    private const int LongestName = 64;
    private const int MostWebhooks = 8;

    public static IEnumerable<string> Of(TidingsOptions options)
    {
        var apps = options.Pusher.Apps;
        if (apps.Sum(static app => app.Webhooks.Count) > MostWebhooks)
        {
            yield return $"Tidings:Pusher:Apps have {apps.Sum(static app => app.Webhooks.Count)} Webhooks; at most {MostWebhooks} are told.";
        }

        foreach (var (index, app) in apps.Index())
        {
            var key = $"Tidings:Pusher:Apps:{index}:";
            foreach (var (name, value) in new[] { (nameof(app.Id), app.Id), (nameof(app.Key), app.Key) })
            {
                if (!IsName(value))
                {
                    yield return OptionFault.Of<PusherAppOptions>(name, key + name, value, $"1 to {LongestName} letters, digits, - and _");
                }
            }

            if (app.Secret.Length < ShortestSecret)
            {
                yield return $"{key}Secret is too short; a secret has at least {ShortestSecret} characters.";
            }

            if (app.Prefix.Length > 0 && (app.Prefix.Length > LongestName || !app.Prefix.EndsWith(':') || !ChannelName.IsValid(app.Prefix)))
            {
                yield return OptionFault.Of<PusherAppOptions>(nameof(app.Prefix), key + nameof(app.Prefix), app.Prefix, $"at most {LongestName} characters of a channel's name, the last one a :");
            }

            foreach (var fault in app.Webhooks.SelectMany((webhook, place) => OfWebhook(webhook, $"{key}Webhooks:{place}:")))
            {
                yield return fault;
            }

            foreach (var other in apps.Take(index))
            {
                if (string.Equals(other.Id, app.Id, StringComparison.OrdinalIgnoreCase) || string.Equals(other.Key, app.Key, StringComparison.OrdinalIgnoreCase))
                {
                    yield return $"{key}Id and Key must differ from those of the other applications, not only in upper and lower case.";
                }

                // One without a prefix has all the names that no other one has.
                if (other.Prefix == app.Prefix || (other.Prefix.Length > 0 && app.Prefix.Length > 0 && (other.Prefix.StartsWith(app.Prefix, StringComparison.Ordinal) || app.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal))))
                {
                    yield return $"{key}Prefix is \"{OptionFault.Shown(app.Prefix)}\"; it must not be that of another application, nor the beginning of it, so that their channels stay apart.";
                }
            }
        }
    }

    private static IEnumerable<string> OfWebhook(PusherWebhookOptions webhook, string key)
    {
        if (webhook.Url is null || !HookFaults.IsHookUrl(webhook.Url))
        {
            // Not the value: a URL may bear a password.
            yield return $"{key}Url {(webhook.Url is null ? "is missing; it must" : "must")} be a URL with http or https and a host, without user and fragment, as https://app.example.com/pusher.";
        }

        foreach (var (place, type) in webhook.Types.Index())
        {
            if (PusherEventNames.Find(type) is null)
            {
                yield return $"{key}Types:{place} is \"{OptionFault.Shown(type)}\"; it must be one of {string.Join(", ", PusherEventNames.All)}.";
            }
        }
    }

    private static bool IsName(string text) => text.Length is > 0 and <= LongestName && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
