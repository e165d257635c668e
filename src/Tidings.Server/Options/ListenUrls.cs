using Tidings.Options;

namespace Tidings.Server.Options;

/// <summary>Where the server listens.</summary>
internal static class ListenUrls
{
    private const string Default = "http://localhost:8000";

    /// <summary>The addresses, separated by <c>;</c>, and what is wrong with them.</summary>
    /// <param name="urls">What is configured, or nothing.</param>
    /// <param name="https">Whether plain addresses become those of TLS, unless some are already.</param>
    /// <param name="faults">Where faults go.</param>
    public static string Read(string? urls, bool https, List<string> faults)
    {
        var text = string.IsNullOrWhiteSpace(urls) ? Default : urls;
        var all = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var url in all)
        {
            if (!IsAddress(url))
            {
                faults.Add($"urls has \"{OptionFault.Shown(url)}\"; it must be addresses as http://localhost:8000 or https://0.0.0.0:8443, separated by ';'.");
            }
        }

        return https && !all.Any(IsHttps)
            ? string.Join(';', all.Select(static url => url.Replace("http://", "https://", StringComparison.OrdinalIgnoreCase)))
            : string.Join(';', all);
    }

    /// <summary>Whether any of the addresses speaks TLS.</summary>
    public static bool NeedCertificate(string urls) => urls.Split(';').Any(IsHttps);

    private static bool IsHttps(string url) => url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static bool IsAddress(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http" or "https", PathBase: "" };
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
