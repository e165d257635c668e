using System.Text.Json;
using Tidings.Security.Tokens;

namespace Tidings.Security.Issuers;

/// <summary>An issuer as it was found.</summary>
/// <param name="Issuer">What <c>iss</c> of its tokens is; null where it is not known.</param>
/// <param name="Keys">The keys that check its tokens.</param>
internal sealed record IssuerKeys(string? Issuer, IReadOnlyList<TokenKey> Keys);

/// <summary>Finds an issuer's keys: by its discovery document (OpenID Connect Discovery 1.0 §4), or where they are known to be.</summary>
internal static class IssuerDocuments
{
    private const string WellKnown = "/.well-known/openid-configuration";

    /// <exception cref="IssuerException">The keys could not be had, or are refused.</exception>
    public static async Task<IssuerKeys> FetchAsync(KeyLocation location, IIssuerHttp http, CancellationToken cancellationToken)
    {
        var (issuer, address) = location.JwksUrl is { } known
            ? (location.Issuer, new Uri(known))
            : await DiscoverAsync(location, http, cancellationToken).ConfigureAwait(false);
        using JsonDocument document = await http.GetAsync(address, cancellationToken).ConfigureAwait(false);
        return new IssuerKeys(issuer, JsonWebKeys.Read(document.RootElement, location.Algorithms));
    }

    private static async Task<(string Issuer, Uri Jwks)> DiscoverAsync(KeyLocation location, IIssuerHttp http, CancellationToken cancellationToken)
    {
        string authority = location.Authority!.TrimEnd('/');
        var address = new Uri(authority + WellKnown);
        using JsonDocument document = await http.GetAsync(address, cancellationToken).ConfigureAwait(false);
        if (Text(document, "issuer") is not { } issuer || Text(document, "jwks_uri") is not { } jwks)
        {
            throw new IssuerException($"{address} does not say \"issuer\" and \"jwks_uri\"");
        }

        // §4.3: an issuer that says that it is somebody else speaks for nobody. A slash at the end is all that may differ.
        if (location.Issuer is { } expected ? issuer != expected : issuer.TrimEnd('/') != authority)
        {
            throw new IssuerException(issuer.Contains('{', StringComparison.Ordinal)
                ? $"{address} speaks for all tenants (\"{Shown(issuer)}\"): name one tenant in Authority"
                : $"{address} says that its issuer is \"{Shown(issuer)}\": that must be Authority, or Issuer where it is named");
        }

        if (KeyLocation.Fault(jwks) is not null || (KeyLocation.IsLocal(new Uri(jwks)) && !KeyLocation.IsLocal(address)))
        {
            throw new IssuerException($"{address} says that its keys are at \"{Shown(jwks)}\": that must be https://");
        }

        return (issuer, new Uri(jwks));
    }

    private static string? Text(JsonDocument document, string member)
    {
        try
        {
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in an escape.
            return null;
        }
    }

    // It goes into a line of the log, and was written by others.
    private static string Shown(string text) => new([.. text.Take(200).Select(static c => char.IsControl(c) ? '?' : c)]);
}
