using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;
using Tidings.Quotas;
using Tidings.Security.Identities;

namespace Microsoft.AspNetCore.Builder;

/// <summary>One-time tickets, which keep long-lived tokens out of URLs.</summary>
public static class TicketEndpoint
{
    // A ticket never makes another one, nor does a token that stood in a URL.
    private const AuthenticationMethods Methods = AuthenticationMethods.Header | AuthenticationMethods.Cookie;

    private const string Json = "application/json";

    /// <summary>Maps <c>POST /api/tickets</c>: who shows a token, or is known by cookie, gets <c>{"ticket","expiresIn"}</c>. The ticket is good for
    /// one request with <c>?ticket=</c> within <c>expiresIn</c> seconds (30), and stands for the token with all that it grants.</summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">A route.</param>
    public static IEndpointConventionBuilder MapTickets(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/tickets")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var group = endpoints.MapGroup(pattern);
        group.MapMethods("", [HttpMethods.Options], tidings.CrossOrigin.AnswerPreflightAsync);
        RouteDescription.Add(
            group.MapMethods("", [HttpMethods.Post], tidings.CrossOrigin.Serve(async context => await (await IssueAsync(context, tidings)).ExecuteAsync(context))),
            "ticket", "Gives a user a ticket for one request with ?ticket=, in the place of a token in a URL. Needs the user's token, not a key of the server.",
            ((Delegate)Describe).Method, typeof(TicketAnswer), Json, [401, 403, 503]);
        return group;
    }

    // For the OpenAPI document alone.
    private static void Describe()
    {
    }

    private static IReadOnlyList<FieldFault>? Note(HttpContext context, Edge tidings, string reason, FieldFault? why) =>
        tidings.Node.Registry.Refusals.Add(reason, AddressKey.From(context.Connection.RemoteIpAddress), why);

    private static async Task<IResult> IssueAsync(HttpContext context, Edge tidings)
    {
        var who = await tidings.Authentication.IdentifyAsync(context, Methods);
        if (who.ByCookie ? !tidings.Origins.AllowsCookie(context.Request) : !tidings.Origins.Allows(context.Request))
        {
            return Problems.Create(ErrorCode.NotAllowed, "This origin may not ask for tickets.", Note(context, tidings, "Origin", OriginPolicy.Explain(context.Request, who.ByCookie)));
        }

        if (who.Refusal == DisconnectCode.Unavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfter.Soon;
            return Problems.Unavailable(DisconnectCode.Unavailable.Reason);
        }

        if (who is not { Identity: { } identity, Refusal: null })
        {
            return who.Refusal is { } refusal
                ? Problems.Create(ErrorCode.Unauthorized, refusal.Reason, Note(context, tidings, refusal.Reason, who.Why))
                : Problems.Unauthorized("Send a token as \"Authorization: Bearer <token>\".");
        }

        string ticket;
        try
        {
            ticket = await tidings.Node.Tickets.IssueAsync(identity);
        }
        catch (BrokerUnavailableException error)
        {
            context.Response.Headers.RetryAfter = RetryAfter.Soon;
            return Problems.Unavailable(error.Message);
        }

        context.Response.Headers.CacheControl = "no-store";
        var answer = JsonFrame.Begin();
        answer.Writer.WriteString("ticket"u8, ticket);
        answer.Writer.WriteNumber("expiresIn"u8, (int)Tickets.Lifetime.TotalSeconds);
        return TypedResults.Bytes(answer.EndJson().ToArray(), Json);
    }
}

internal sealed record TicketAnswer(
    [property: Description("Good for one request within expiresIn.")] string Ticket,
    [property: Description("Seconds until it ends, used or not: 30.")] int ExpiresIn);
