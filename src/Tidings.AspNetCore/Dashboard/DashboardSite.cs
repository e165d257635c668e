using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Script;
using Tidings.AspNetCore.Services;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>The dashboard of an application: its page, and what that asks for, behind the gate.</summary>
internal sealed class DashboardSite
{
    private readonly Edge _tidings;
    private readonly Lazy<EmbeddedFile> _page;

    private DashboardSite(IServiceProvider services, RouteGroupBuilder routes)
    {
        _tidings = services.GetTidings();
        Routes = routes;
        Gate = new DashboardGate(_tidings, Place, services.GetRequiredService<ILogger<DashboardGate>>());
        SignIn = new SignIn(_tidings, Gate, Place, services.GetRequiredService<ILogger<SignIn>>());
        _page = new Lazy<EmbeddedFile>(() => DashboardFiles.Index(Place.Below));
    }

    public DashboardPlace Place { get; } = new();

    public DashboardGate Gate { get; }

    public SignIn SignIn { get; }

    /// <summary>All its routes; one that is added stands below its page, and not behind the gate.</summary>
    public RouteGroupBuilder Routes { get; }

    public static DashboardSite Map(IEndpointRouteBuilder endpoints, string pattern)
    {
        var site = new DashboardSite(endpoints.ServiceProvider, endpoints.MapGroup(pattern));
        site.Routes.ExcludeFromDescription();
        Get(site.Routes, "", site.ServePage).Add(page => site.Place.Set(((RouteEndpointBuilder)page).RoutePattern.RawText));
        Get(site.Routes, "/{file}", ServeFile);
        Post(site.Routes, "/session", site.SignIn.BeginAsync);
        Post(site.Routes, "/session/end", site.SignIn.EndAsync);
        site.MapData(site.Inside("/data"), endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>());
        site.MapApi(site.Inside("/api"));
        return site;
    }

    private static IEndpointConventionBuilder Get(RouteGroupBuilder group, string pattern, Func<HttpContext, IResult> act) =>
        group.MapMethods(pattern, [HttpMethods.Get], context => act(context).ExecuteAsync(context));

    private static void Get(RouteGroupBuilder group, string pattern, Func<HttpContext, Task<IResult>> act) =>
        group.MapMethods(pattern, [HttpMethods.Get], async context => await (await act(context)).ExecuteAsync(context));

    private static void Post(RouteGroupBuilder group, string pattern, Func<HttpContext, Task<IResult>> act) =>
        group.MapMethods(pattern, [HttpMethods.Post], async context => await (await act(context)).ExecuteAsync(context));

    private static IResult ServeFile(HttpContext context)
    {
        PageHeaders.Harden(context.Response.Headers);
        return DashboardFiles.Find((string)context.Request.RouteValues["file"]!)?.Serve(context) ?? TypedResults.NotFound();
    }

    // Whatever is mapped in it, now or later, and by whatever convention, is behind the gate.
    private RouteGroupBuilder Inside(string pattern)
    {
        var inside = Routes.MapGroup(pattern);
        ((IEndpointConventionBuilder)inside).Finally(endpoint => endpoint.RequestDelegate = Gate.Guard(endpoint.RequestDelegate!));
        return inside;
    }

    private void MapData(RouteGroupBuilder inside, IHostApplicationLifetime lifetime)
    {
        Get(inside, "/session", static context => TypedResults.Json(
            new SessionView(context.Features.Get<AdminSession>()?.User, context.Features.Get<AdminSession>()?.MayAct ?? true), DashboardJson.Default.SessionView));
        var data = new DashboardData(_tidings);
        Get(inside, "/tasks", data.TasksAsync);
        Get(inside, "/refusals", data.Refusals);
        var connections = new DashboardConnections(_tidings);
        Get(inside, "/connections", connections.ListAsync);
        Post(inside, "/disconnect", connections.DisconnectAsync);
        var receivers = new DashboardReceivers(_tidings);
        Get(inside, "/receivers", receivers.ListAsync);
        Post(inside, "/receivers/retry", receivers.RetryAsync);
        var feed = new DashboardFeed(_tidings, lifetime);
        Get(inside, "/events", feed.Reports);
        Get(inside, "/messages", feed.Messages);
        Get(inside, "/told", feed.Told);
    }

    // What the page asks of the server API. What is not there is not there for those alone who are let in.
    private void MapApi(RouteGroupBuilder inside)
    {
        inside.MapTidingsApi("");
        var data = new DashboardData(_tidings);
        inside.MapMethods("/tasks/{taskId}", [HttpMethods.Delete], async context => await (await data.CancelAsync(context)).ExecuteAsync(context));
        inside.Map("/{**rest}", static context => TypedResults.NotFound().ExecuteAsync(context));

        // The same operations have these names where the application maps them for its back ends.
        ((IEndpointConventionBuilder)inside).Finally(static endpoint =>
        {
            foreach (var name in endpoint.Metadata.OfType<IEndpointNameMetadata>().ToList())
            {
                endpoint.Metadata.Remove(name);
            }
        });
    }

    private IResult ServePage(HttpContext context)
    {
        // Its files stand below: their addresses are relative, so that they are right behind any proxy.
        if (context.Request.Path.Value!.EndsWith('/'))
        {
            return TypedResults.Redirect(Place.In(context));
        }

        if (Gate.Admits(context))
        {
            PageHeaders.Harden(context.Response.Headers);
            return _page.Value.Serve(context);
        }

        return context.Request.GetTypedHeaders().Accept.Any(static accept => accept.MediaType == "text/html") ? SignIn.Ask(context, "") : Gate.Refuse(context);
    }
}
