using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Tidings.AspNetCore.Dashboard;
using Tidings.AspNetCore.Services;
using Tidings.Quotas;
using Tidings.Security.Issuers;
using Tidings.Server.Options;

namespace Tidings.Server.Dashboard;

/// <summary>Signs people in at an OpenID Connect provider, by the authorization code flow with PKCE. What comes of it is a session of the dashboard and nothing else.</summary>
/// <remarks>The framework's handler has services of its own: no other route of the server knows its scheme.</remarks>
internal sealed partial class OpenIdSignIn : IAsyncDisposable
{
    private const string Begin = "/session/openid";

    private const string Scheme = "dashboard";

    // The handler wants to be told who keeps its tickets. None comes so far.
    private const string Nobody = "nobody";
    private const string Return = Begin + "/return";
    private const long LargestAnswer = 512 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly object Granted = new();

    private readonly DashboardOptions _options;
    private readonly DashboardSite _site;
    private readonly Edge _tidings;
    private readonly ILogger<OpenIdSignIn> _log;
    private readonly ServiceProvider _services;

    private OpenIdSignIn(DashboardOptions options, DashboardSite site, Edge tidings, ILoggerFactory loggers)
    {
        (_options, _site, _tidings, _log) = (options, site, tidings, loggers.CreateLogger<OpenIdSignIn>());
        var services = new ServiceCollection();
        services.AddSingleton(loggers).AddLogging();
        services.AddAuthentication(static authentication => authentication.DefaultSignInScheme = Nobody).AddOpenIdConnect(Scheme, Configure);
        _services = services.BuildServiceProvider();
    }

    /// <summary>Has people sign in to a dashboard at the provider, beside those with the key.</summary>
    public static void Map(WebApplication app, DashboardSite site, DashboardOptions options)
    {
        var provider = new OpenIdSignIn(options, site, app.Services.GetTidings(), app.Services.GetRequiredService<ILoggerFactory>());
        app.Lifetime.ApplicationStopped.Register(static provider => _ = ((OpenIdSignIn)provider!).DisposeAsync().AsTask(), provider);
        site.Gate.SignsInElsewhere = true;
        site.Routes.MapGet(Begin, (RequestDelegate)provider.BeginAsync);
        site.Routes.MapGet(Return, (RequestDelegate)provider.ReturnAsync);
    }

    /// <summary><c>GET /dashboard/session/openid</c>: sends the browser to the provider.</summary>
    private Task BeginAsync(HttpContext context) => WithServicesAsync(context, async () =>
    {
        try
        {
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = _site.Place.In(context) });
        }
#pragma warning disable CA1031 // The provider is away, or is none: whoever wants to sign in is told so, and those with the key come in.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUnreachable(_log, _options.Authority!, error.Message);
            await _site.SignIn.Ask(context, "The sign-in provider cannot be reached. Try again later, or use the admin key.", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
    });

    /// <summary><c>GET /dashboard/session/openid/return</c>: the browser is back, with what the provider says.</summary>
    private Task ReturnAsync(HttpContext context) => WithServicesAsync(context, async () =>
    {
        var handlers = context.RequestServices.GetRequiredService<IAuthenticationHandlerProvider>();
        if (await handlers.GetHandlerAsync(context, Scheme) is not IAuthenticationRequestHandler handler || !await handler.HandleRequestAsync())
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    });

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private void Configure(OpenIdConnectOptions options)
    {
        options.Authority = _options.Authority;
        options.ClientId = _options.ClientId;
        options.ClientSecret = _options.ClientSecret;
        options.CallbackPath = _site.Place.Root + Return;
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.MapInboundClaims = false;
        options.SaveTokens = false;
        options.RequireHttpsMetadata = !KeyLocation.IsLocal(new Uri(_options.Authority!));
        options.DataProtectionProvider = new SealedState(_options.ClientSecret!);
        options.Backchannel = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = Limit / 2, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = Limit,
            MaxResponseContentBufferSize = LargestAnswer,
        };

        // The way back comes from the provider's site: a strict cookie would stay at home. The session's own is strict.
        foreach (var cookie in new[] { options.CorrelationCookie, options.NonceCookie })
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.HttpOnly = true;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        options.Events.OnTokenValidated = OnTokenValidated;
        options.Events.OnTicketReceived = OnTicketReceivedAsync;
        options.Events.OnRemoteFailure = OnFailureAsync;
    }

    private Task OnTokenValidated(TokenValidatedContext context)
    {
        if (OpenIdPerson.Read(context.TokenEndpointResponse?.IdToken, _options) is { } person)
        {
            context.HttpContext.Items[Granted] = person;
        }

        return Task.CompletedTask;
    }

    private async Task OnTicketReceivedAsync(TicketReceivedContext received)
    {
        received.HandleResponse();
        var context = received.HttpContext;
        if (context.Items[Granted] is not OpenIdPerson person || _site.Gate.Sessions is not { } sessions)
        {
            var name = (context.Items[Granted] as OpenIdPerson)?.Name ?? "Somebody";
            _tidings.Node.Registry.Refusals.Add("Dashboard: no role", AddressKey.From(context.Connection.RemoteIpAddress));
            LogRefused(_log, name, _options.Viewer, _options.Operator);
            await _site.SignIn.Ask(context, "You are signed in at the provider, and have no role here.", StatusCodes.Status403Forbidden).ExecuteAsync(context);
            return;
        }

        sessions.Begin(context, person.Name, person.MayAct);
        LogSignedIn(_log, person.Name, person.MayAct ? "operator" : "viewer");
        await SeeDashboard(context).ExecuteAsync(context);
    }

    private Task OnFailureAsync(RemoteFailureContext failed)
    {
        failed.HandleResponse();
        LogFailed(_log, failed.Failure?.Message ?? "no reason is given");
        return _site.SignIn.Ask(failed.HttpContext, "Signing in did not work. Try again.", StatusCodes.Status403Forbidden).ExecuteAsync(failed.HttpContext);
    }

    // By a page of its own: with a redirect of another site's a browser would not send the session's strict cookie.
    private IResult SeeDashboard(HttpContext context)
    {
        PageHeaders.Harden(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-store";
        var place = "../../../" + _site.Place.Below.TrimEnd('/');
        return TypedResults.Text(
            $"""<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={place}"><link rel="icon" type="image/svg+xml" href="{place}/logo.svg"><title>Tidings</title></head><body><a href="{place}">Dashboard</a></body></html>""",
            "text/html; charset=utf-8");
    }

    // Each attempt may ask the provider.
    private async Task WithServicesAsync(HttpContext context, Func<Task> act)
    {
        if (_site.SignIn.RefuseMore(context) is { } refusal)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        var before = context.RequestServices;
        await using var scope = _services.CreateAsyncScope();
        context.RequestServices = scope.ServiceProvider;
        try
        {
            await act();
        }
        finally
        {
            context.RequestServices = before;
        }
    }

    [LoggerMessage(641, LogLevel.Information, "{Name} has signed in to the dashboard as {Role}")]
    private static partial void LogSignedIn(ILogger logger, string name, string role);

    [LoggerMessage(642, LogLevel.Warning, "{Name} has signed in at the provider and has neither the role {Viewer} nor {Operator} of the dashboard (Tidings:Dashboard:RolesClaim)")]
    private static partial void LogRefused(ILogger logger, string name, string viewer, string @operator);

    [LoggerMessage(643, LogLevel.Warning, "Signing in to the dashboard failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(644, LogLevel.Warning, "Nobody can sign in to the dashboard at {Authority} (Tidings:Dashboard:Authority): {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string authority, string reason);
}
