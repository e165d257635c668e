using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Services;
using Tidings.Server.Options;

namespace Tidings.Server.Dashboard;

/// <summary><c>/dashboard</c>: a page that shows what the server does, and what it asks for.</summary>
internal static class DashboardEndpoints
{
    public const string Root = "/dashboard";

    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Decides who may see it. Before routing: what the page asks of the server API gets its true path here.</summary>
    public static DashboardGate UseDashboard(this WebApplication app)
    {
        var gate = new DashboardGate(app.Services.GetTidings(), app.Services.GetRequiredService<ILogger<DashboardGate>>());
        app.Use(gate.InvokeAsync);
        return gate;
    }

    public static void MapDashboard(this WebApplication app, DashboardGate gate, DashboardOptions options)
    {
        var tidings = app.Services.GetTidings();
        var signIn = new SignIn(tidings, gate, app.Services.GetRequiredService<ILogger<SignIn>>());
        var group = app.MapGroup(Root).ExcludeFromDescription();
        group.MapGet("", (HttpContext context) => ServePage(context, gate));
        group.MapGet("/{file}", (HttpContext context, string file) =>
        {
            Harden(context.Response.Headers);
            return DashboardFiles.Find(file)?.Serve(context) ?? TypedResults.NotFound();
        });
        group.MapPost("/session", (Delegate)signIn.BeginAsync);
        group.MapPost("/session/end", (Delegate)signIn.EndAsync);
        if (options.SignsIn)
        {
            var provider = new OpenIdSignIn(options, signIn, gate, tidings, app.Services.GetRequiredService<ILoggerFactory>());
            app.Lifetime.ApplicationStopped.Register(static provider => _ = ((OpenIdSignIn)provider!).DisposeAsync().AsTask(), provider);
            gate.SignsInElsewhere = true;
            group.MapGet(OpenIdSignIn.Begin, (RequestDelegate)provider.BeginAsync);
            group.MapGet(OpenIdSignIn.Begin + "/return", (RequestDelegate)provider.ReturnAsync);
        }

        var inside = group.MapGroup("/data").AddEndpointFilter((call, next) => gate.Admits(call.HttpContext) ? next(call) : ValueTask.FromResult<object?>(gate.Refuse(call.HttpContext)));
        inside.MapGet("/session", static (HttpContext context) => TypedResults.Json(
            new SessionView(context.Features.Get<AdminSession>()?.User, context.Features.Get<AdminSession>()?.MayAct ?? true), DashboardJson.Default.SessionView));
        var data = new DashboardData(tidings);
        var connections = new DashboardConnections(tidings);
        inside.MapGet("/connections", (Delegate)connections.ListAsync);
        inside.MapPost("/disconnect", (Delegate)connections.DisconnectAsync).AddEndpointFilter(gate.NotedAsync);
        inside.MapGet("/tasks", (Delegate)data.TasksAsync);
        inside.MapGet("/refusals", data.Refusals);
        var receivers = new DashboardReceivers(tidings);
        inside.MapGet("/receivers", (Delegate)receivers.ListAsync);
        inside.MapPost("/receivers/retry", (Delegate)receivers.RetryAsync).AddEndpointFilter(gate.NotedAsync);
        var feed = new DashboardFeed(tidings, app.Lifetime);
        inside.MapGet("/events", feed.Reports);
        inside.MapGet("/messages", feed.Messages);
        inside.MapGet("/told", feed.Told);
    }

    /// <summary>The page to sign in with, as the answer to a request that showed nothing.</summary>
    public static IResult AskToSignIn(HttpContext context, DashboardGate gate, string note, int status = StatusCodes.Status401Unauthorized)
    {
        var headers = context.Response.Headers;
        Harden(headers);
        headers.CacheControl = "no-store";
        if (status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        var form = gate.Sessions is not null;

        // Relative, so that it is right behind any proxy: from /dashboard, /dashboard/session, /dashboard/session/openid and below.
        var depth = context.Request.Path.Value!.Count(static c => c == '/') - 2;
        var at = depth < 0 ? "dashboard/" : string.Concat(Enumerable.Repeat("../", depth));
        return TypedResults.Text(DashboardFiles.SignIn(at, form ? note : gate.Explain(), form, form && gate.SignsInElsewhere), "text/html; charset=utf-8", statusCode: status);
    }

    /// <summary>Leads to the dashboard by a page of its own: with a redirect of another site's a browser would not send the session's strict cookie.</summary>
    public static IResult SeeDashboardFromElsewhere(HttpContext context)
    {
        Harden(context.Response.Headers);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(
            """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=../../../dashboard"><title>Tidings</title></head><body><a href="../../../dashboard">Dashboard</a></body></html>""",
            "text/html; charset=utf-8");
    }

    private static IResult ServePage(HttpContext context, DashboardGate gate)
    {
        // Its files stand below: their addresses are relative, so that they are right behind any proxy.
        if (context.Request.Path.Value!.EndsWith('/'))
        {
            return TypedResults.Redirect(context.Request.PathBase + Root);
        }

        if (gate.Admits(context))
        {
            Harden(context.Response.Headers);
            return DashboardFiles.Index.Serve(context);
        }

        if (context.Request.GetTypedHeaders().Accept.Any(static accept => accept.MediaType == "text/html"))
        {
            return AskToSignIn(context, gate, "");
        }

        return gate.Refuse(context);
    }

    private static void Harden(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;

        // With "no-referrer" forms would say that they come from nowhere: Origin: null.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
