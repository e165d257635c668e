using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Tidings.AspNetCore.Services;
using Tidings.Quotas;
using Tidings.Security.Issuers;
using Tidings.Server.Options;

namespace Tidings.Server.Dashboard;

/// <summary>Signs people in at an OpenID Connect provider, by the authorization code flow with PKCE. What comes of it is a session of the dashboard and nothing else.</summary>
/// <remarks>The framework's handler has services of its own: no other route of the server knows its scheme.</remarks>
internal sealed partial class OpenIdSignIn : IAsyncDisposable
{
    public const string Begin = "/session/openid";

    private const string Scheme = "dashboard";

    // The handler wants to be told who keeps its tickets. None comes so far.
    private const string Nobody = "nobody";
    private const string Return = DashboardEndpoints.Root + Begin + "/return";
    private const long LargestAnswer = 512 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly object Granted = new();

    private readonly DashboardOptions _options;
    private readonly SignIn _signIn;
    private readonly DashboardGate _gate;
    private readonly Edge _tidings;
    private readonly ILogger<OpenIdSignIn> _log;
    private readonly ServiceProvider _services;

    public OpenIdSignIn(DashboardOptions options, SignIn signIn, DashboardGate gate, Edge tidings, ILoggerFactory loggers)
    {
        (_options, _signIn, _gate, _tidings, _log) = (options, signIn, gate, tidings, loggers.CreateLogger<OpenIdSignIn>());
        var services = new ServiceCollection();
        services.AddSingleton(loggers).AddLogging();
        services.AddAuthentication(static authentication => authentication.DefaultSignInScheme = Nobody).AddOpenIdConnect(Scheme, Configure);
        _services = services.BuildServiceProvider();
    }

    /// <summary><c>GET /dashboard/session/openid</c>: sends the browser to the provider.</summary>
    public Task BeginAsync(HttpContext context) => WithServicesAsync(context, async () =>
    {
        try
        {
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = context.Request.PathBase + DashboardEndpoints.Root });
        }
#pragma warning disable CA1031 // The provider is away, or is none: whoever wants to sign in is told so, and those with the key come in.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUnreachable(_log, _options.Authority!, error.Message);
            await DashboardEndpoints.AskToSignIn(context, _gate, "The sign-in provider cannot be reached. Try again later, or use the admin key.", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
    });

    /// <summary><c>GET /dashboard/session/openid/return</c>: the browser is back, with what the provider says.</summary>
    public Task ReturnAsync(HttpContext context) => WithServicesAsync(context, async () =>
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
        options.CallbackPath = Return;
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
        if (context.Items[Granted] is not OpenIdPerson person || _gate.Sessions is not { } sessions)
        {
            var name = (context.Items[Granted] as OpenIdPerson)?.Name ?? "Somebody";
            _tidings.Node.Registry.Refusals.Add("Dashboard: no role", AddressKey.From(context.Connection.RemoteIpAddress));
            LogRefused(_log, name, _options.Viewer, _options.Operator);
            await DashboardEndpoints.AskToSignIn(context, _gate, "You are signed in at the provider, and have no role here.", StatusCodes.Status403Forbidden).ExecuteAsync(context);
            return;
        }

        sessions.Begin(context, person.Name, person.MayAct);
        LogSignedIn(_log, person.Name, person.MayAct ? "operator" : "viewer");
        await DashboardEndpoints.SeeDashboardFromElsewhere(context).ExecuteAsync(context);
    }

    private Task OnFailureAsync(RemoteFailureContext failed)
    {
        failed.HandleResponse();
        LogFailed(_log, failed.Failure?.Message ?? "no reason is given");
        return DashboardEndpoints.AskToSignIn(failed.HttpContext, _gate, "Signing in did not work. Try again.", StatusCodes.Status403Forbidden).ExecuteAsync(failed.HttpContext);
    }

    // Each attempt may ask the provider.
    private async Task WithServicesAsync(HttpContext context, Func<Task> act)
    {
        if (_signIn.RefuseMore(context) is { } refusal)
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
