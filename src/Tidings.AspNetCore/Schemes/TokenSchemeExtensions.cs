using Microsoft.AspNetCore.Authentication;
using Tidings.AspNetCore.Schemes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Tokens for the application's own endpoints.</summary>
public static class TokenSchemeExtensions
{
    /// <summary>The name of the scheme.</summary>
    public const string TidingsScheme = "Tidings";

    /// <summary>Adds the scheme <c>Tidings</c>: tokens in <c>Authorization: Bearer</c>, in <c>Sec-WebSocket-Protocol</c> or in <c>?token=</c>, and
    /// tickets, as the routes of Tidings accept them. A <c>MapWebSocket</c> route with <c>RequireAuthorization</c> then ends with its token.</summary>
    /// <param name="builder">What <c>AddAuthentication</c> returns.</param>
    public static AuthenticationBuilder AddTidingsTokens(this AuthenticationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddScheme<AuthenticationSchemeOptions, TokenScheme>(TidingsScheme, configureOptions: null);
    }
}
