using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Begins and ends sessions of the dashboard, by plain forms.</summary>
internal sealed partial class SignIn(Edge tidings, DashboardGate gate, DashboardPlace place, ILogger<SignIn> log)
{
    private const int LargestForm = 4096;

    // Of one address: five at once, then one a second. A key has 16 characters at least.
    private static readonly RateLimit Attempts = new(1, 5);

    private readonly KeyedRates<AddressKey> _attempts = new(Attempts);
    private readonly long _started = tidings.Node.Time.GetTimestamp();

    /// <summary><c>POST /dashboard/session</c> with <c>key</c>.</summary>
    public async Task<IResult> BeginAsync(HttpContext context)
    {
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (gate.Sessions is not { } sessions)
        {
            return Ask(context, "");
        }

        if (!DashboardGate.IsOwnPage(context.Request))
        {
            return Ask(context, "Sign in on this page.", StatusCodes.Status403Forbidden);
        }

        if (RefuseMore(context) is { } refusal)
        {
            return refusal;
        }

        if (await ReadKeyAsync(context) is not { } key || !sessions.IsAdminKey(key))
        {
            tidings.Node.Registry.Refusals.Add("Dashboard: wrong key", address);
            LogRefused(log, address);
            return Ask(context, "That is not the admin key.");
        }

        sessions.Begin(context);
        return SeeDashboard(context);
    }

    /// <summary>Counts an attempt to sign in, in whatever way.</summary>
    /// <returns>The answer where there were too many of this address; null otherwise.</returns>
    public IResult? RefuseMore(HttpContext context)
    {
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (_attempts.TryTake(address, (long)tidings.Node.Time.GetElapsedTime(_started).TotalNanoseconds) <= 0)
        {
            return null;
        }

        tidings.Node.Registry.Refusals.Add("Dashboard: too many attempts", address);
        context.Response.Headers.RetryAfter = "1";
        return Ask(context, "Too many attempts. Wait a moment.", StatusCodes.Status429TooManyRequests);
    }

    /// <summary><c>POST /dashboard/session/end</c>: the cookie is of no use any more, wherever a copy of it is.</summary>
    public async Task<IResult> EndAsync(HttpContext context)
    {
        if (!DashboardGate.IsOwnPage(context.Request))
        {
            return SeeDashboard(context);
        }

        if (gate.Sessions?.Find(context) is { } session)
        {
            try
            {
                await tidings.Node.Disconnecting.TokenAsync(session.Id, DisconnectCode.DisconnectedByServer, revoke: true);
            }
            catch (BrokerUnavailableException)
            {
                // It has ended here; the other nodes are told as soon as they can be.
            }
        }

        gate.Sessions?.End(context);
        return SeeDashboard(context);
    }

    private static async Task<string?> ReadKeyAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = LargestForm;
        }

        if (context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        try
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            return form["key"] is [{ } key] ? key.Trim() : null;
        }
        catch (Exception error) when (error is InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The page to sign in with, as the answer to a request that showed nothing.</summary>
    public IResult Ask(HttpContext context, string note, int status = StatusCodes.Status401Unauthorized)
    {
        var headers = context.Response.Headers;
        PageHeaders.Harden(headers);
        headers.CacheControl = "no-store";
        if (status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        var form = gate.Sessions is not null;
        return TypedResults.Text(
            DashboardFiles.SignIn(place.BelowFrom(context.Request), form ? note : gate.Explain(), form, form && gate.SignsInElsewhere), "text/html; charset=utf-8", statusCode: status);
    }

    // 303: what comes next is a GET, and reloading it sends no form again.
    private IResult SeeDashboard(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Location = place.In(context);
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    [LoggerMessage(640, LogLevel.Warning, "Somebody at {Address} tried to sign in to the dashboard with a wrong key")]
    private static partial void LogRefused(ILogger logger, AddressKey address);
}
