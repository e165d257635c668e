namespace Tidings.Options;

/// <summary>What is wrong with the options of the Centrifuge protocol. What depends on the addresses that the server listens on is known only when it does.</summary>
internal static class CentrifugeFaults
{
    public static IEnumerable<string> Of(TidingsOptions options)
    {
        const string Key = "Tidings:Centrifuge:";
        var centrifuge = options.Centrifuge;
        if (!centrifuge.ApiPath.StartsWith('/') || centrifuge.ApiPath.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '-' or '_' or '.')))
        {
            yield return OptionFault.Of<CentrifugeOptions>(nameof(centrifuge.ApiPath), Key + nameof(centrifuge.ApiPath), centrifuge.ApiPath, "a path of letters, digits, /, -, _ and ., as /centrifugo/api");
        }

        if (centrifuge.Secret is "" || centrifuge.Secret?.Contains("-----BEGIN", StringComparison.Ordinal) == true)
        {
            yield return $"{Key}Secret must be a shared secret, and no key of another kind; such keys belong into Tidings:Jwt:Keys.";
        }

        if (centrifuge.ApiKey is "")
        {
            yield return $"{Key}ApiKey must not be empty.";
        }
    }
}
