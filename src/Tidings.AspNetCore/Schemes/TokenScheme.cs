using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Schemes;

/// <summary>The tokens and tickets of Tidings as a scheme of ASP.NET Core's authentication, so that the application's own endpoints can ask for them.</summary>
internal sealed class TokenScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, Edge tidings)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    // Cookies are other schemes' business, and a handler's first message its own.
    private const AuthenticationMethods Methods =
        AuthenticationMethods.Header | AuthenticationMethods.Subprotocol | AuthenticationMethods.Query | AuthenticationMethods.Ticket;

    private bool _later;

    // Nobody could tell who it is: that is no reason to sign in anew.
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (!_later)
        {
            return base.HandleChallengeAsync(properties);
        }

        Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        Response.Headers.RetryAfter = RetryAfter.Soon;
        return Task.CompletedTask;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var who = await tidings.Authentication.IdentifyAsync(Context, Methods);
        if (who.Refusal is { } refusal)
        {
            tidings.Node.Registry.Refusals.Add(refusal.Reason, AddressKey.From(Context.Connection.RemoteIpAddress), who.Why);
            _later = refusal == DisconnectCode.Unavailable;
            return AuthenticateResult.Fail(refusal.Reason);
        }

        if (who.Identity is not { } identity)
        {
            return AuthenticateResult.NoResult();
        }

        // The connection that comes of this request ends with the token, and is revoked with it.
        Context.Features.Set(identity);
        var claims = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, identity.User), new Claim(ClaimTypes.Name, identity.User)], Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(claims), Scheme.Name));
    }
}
