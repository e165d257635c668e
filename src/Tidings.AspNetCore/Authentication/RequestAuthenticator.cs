using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Origins;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Authentication;

/// <summary>Who a request comes from.</summary>
/// <param name="Identity">Who; null where nobody is known.</param>
/// <param name="ByCookie">Whether a cookie says so, which browsers send along for the page of any origin.</param>
/// <param name="Refusal">Why what was shown is not accepted, or null. Such a request is refused, never taken for an anonymous one.</param>
/// <param name="Why">The same for those who run the server; null where the refusal says all.</param>
internal readonly record struct RequestIdentity(Identity? Identity, bool ByCookie = false, DisconnectCode? Refusal = null, FieldFault? Why = null)
{
    public static readonly RequestIdentity Anonymous;

    public static RequestIdentity Invalid(string why) => new(null, Refusal: DisconnectCode.InvalidToken, Why: new FieldFault("token", why));

    /// <summary>It cannot be told now: a client that comes back, best with a newer token, may be let in.</summary>
    public static RequestIdentity Later(string? why = null) => new(null, Refusal: DisconnectCode.Unavailable, Why: why is null ? null : new FieldFault("token", why));
}

/// <summary>Finds out who a request comes from, on every transport in the same way: by token, ticket, cookie, or the application's own
/// authentication. The order is that of <see cref="AuthenticationMethods"/>.</summary>
/// <param name="tokens">Checks tokens; null where none are accepted.</param>
/// <param name="tickets">One-time tickets, and the passes to streams that they open.</param>
/// <param name="revocations">What was revoked.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestAuthenticator(Authenticator? tokens, ITicketStore tickets, Revocations revocations, TimeProvider time)
{
    /// <summary>Whether handlers ask for users' claims, which are then kept with their connections.</summary>
    public bool KeepsPrincipals { get; set; }

    /// <summary>Claims of the application's own authentication that rules of channels ask for.</summary>
    public IReadOnlyCollection<string> ClaimNames { get; set; } = [];

    /// <summary>Whether tokens are accepted at all.</summary>
    public bool TakesTokens => tokens is not null;

    /// <param name="context">The request.</param>
    /// <param name="methods">The ways that count.</param>
    /// <param name="stream">Whether it asks for a stream to which <c>EventSource</c> will come back by itself.</param>
    public async ValueTask<RequestIdentity> IdentifyAsync(HttpContext context, AuthenticationMethods methods, bool stream = false)
    {
        var request = context.Request;
        if (tokens is not null)
        {
            if (RequestToken.Find(request, methods) is { } token)
            {
                return await CheckAsync(tokens, token, context.RequestAborted);
            }

            if (RequestToken.Ticket(request, methods) is { } ticket)
            {
                return await TakeTicketAsync(context, ticket, stream);
            }
        }

        var now = revocations.Clock.Now;
        if (methods.HasFlag(AuthenticationMethods.Cookie) && PrincipalIdentity.Of(context, now, ClaimNames, KeepsPrincipals) is { } known)
        {
            return new RequestIdentity(known, OriginPolicy.IsKnownByCookie(request), UserId.IsValid(known.User) ? null : DisconnectCode.Forbidden);
        }

        return tokens is not null && RequestToken.CookieToken(request, methods) is { } cookie
            ? await CheckAsync(tokens, cookie, context.RequestAborted) with { ByCookie = true }
            : RequestIdentity.Anonymous;
    }

    /// <summary>Who a request of the application's own endpoints comes from, by its own authentication; null where nobody is known.</summary>
    public Identity? IdentityOf(HttpContext context) =>
        context.Features.Get<Identity>() ?? PrincipalIdentity.Of(context, revocations.Clock.Now, ClaimNames, keepPrincipal: false);

    private async ValueTask<RequestIdentity> TakeTicketAsync(HttpContext context, string ticket, bool stream)
    {
        try
        {
            return await tickets.RedeemAsync(ticket) is { } identity
                ? Judge(await OpenPassAsync(context, ticket, identity, stream))
                : Judge(stream && context.Request.Cookies[StreamPasses.CookieOf(ticket)] is { } secret ? await tickets.ShowPassAsync(ticket, secret) : null);
        }
        catch (BrokerUnavailableException)
        {
            return RequestIdentity.Later();
        }
    }

    // A browser sends it to this route alone, with requests of our own pages alone, and shows it to no script.
    private async ValueTask<Identity> OpenPassAsync(HttpContext context, string ticket, Identity identity, bool stream)
    {
        if (stream && await tickets.IssuePassAsync(ticket, identity) is { } secret)
        {
            context.Response.Cookies.Append(StreamPasses.CookieOf(ticket), secret, new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                Path = context.Request.PathBase + context.Request.Path,
            });
        }

        return identity;
    }

    private RequestIdentity Judge(Identity? identity)
    {
        if (identity is null)
        {
            return RequestIdentity.Invalid(TokenReason.Ticket);
        }

        if (identity.ExpiresAt <= time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            return RequestIdentity.Invalid(TokenReason.TicketRevoked);
        }

        return revocations.Judge(identity) switch
        {
            RevocationVerdict.None => new RequestIdentity(identity),
            RevocationVerdict.Unclear => RequestIdentity.Later(TokenReason.Unclear),
            _ => RequestIdentity.Invalid(TokenReason.TicketRevoked),
        };
    }

    private static async ValueTask<RequestIdentity> CheckAsync(Authenticator tokens, string token, CancellationToken cancellationToken)
    {
        try
        {
            var judged = await tokens.IdentifyAsync(token, cancellationToken);
            return judged.Identity is { } identity ? new RequestIdentity(identity)
                : judged.Later ? RequestIdentity.Later(judged.Why)
                : RequestIdentity.Invalid(judged.Why!);
        }
        catch (TimeoutException)
        {
            return RequestIdentity.Later();
        }
    }
}
