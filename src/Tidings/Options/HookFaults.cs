namespace Tidings.Options;

/// <summary>Finds the faults in hooks, each under its key.</summary>
internal static class HookFaults
{
    private const int ShortestSecret = 16;

    public static IEnumerable<string> Of(TidingsOptions options)
    {
        var hooks = options.Hooks;
        var urls = new List<(string Key, string Url)>();
        Add(urls, "Hooks:Connect", hooks.Connect);
        Add(urls, "Hooks:Refresh", hooks.Refresh);
        Add(urls, "Hooks:Call", hooks.Call);
        foreach (var (index, channel) in options.Channels.Index())
        {
            Add(urls, $"Channels:{index}:OnSubscribe", channel.OnSubscribe);
            Add(urls, $"Channels:{index}:OnPublish", channel.OnPublish);
        }

        foreach (var (key, url) in urls)
        {
            if (!IsHookUrl(url))
            {
                // Not the value: a URL may bear a password.
                yield return $"Tidings:{key} must be a URL with http or https and a host, without user and fragment, as https://app.example.com/hooks.";
            }
        }

        if (urls.Count > 0 && hooks.Secret is not { Length: >= ShortestSecret })
        {
            yield return $"Tidings:Hooks:Secret is {(hooks.Secret is null ? "missing" : "too short")}; hooks are signed with a secret of at least {ShortestSecret} characters.";
        }
    }

    private static void Add(List<(string Key, string Url)> urls, string key, string? url)
    {
        if (url is not null)
        {
            urls.Add((key, url));
        }
    }

    /// <summary>Whether a back end may be called there.</summary>
    public static bool IsHookUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "", Fragment: "" };
}
