using System.Text.Json;

namespace Tidings.Security.Issuers;

/// <summary>Fetches what an issuer publishes.</summary>
internal interface IIssuerHttp
{
    /// <returns>The document, which the caller disposes.</returns>
    /// <exception cref="IssuerException">It could not be had, or is refused.</exception>
    Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellationToken);
}
