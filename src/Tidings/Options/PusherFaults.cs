using Tidings.Protocol;

namespace Tidings.Options;

/// <summary>What is wrong with the applications of the Pusher protocol.</summary>
internal static class PusherFaults
{
    private const int ShortestSecret = 16;
    private const int LongestName = 64;

    public static IEnumerable<string> Of(TidingsOptions options)
    {
        var apps = options.Pusher.Apps;
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

    private static bool IsName(string text) => text.Length is > 0 and <= LongestName && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
