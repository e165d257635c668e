using System.Security.Claims;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;

namespace Tidings.AspNetCore.Tests.Endpoints;

/// <summary>Handlers are bound, and routes decorated, as minimal APIs are.</summary>
public sealed class BindingTests
{
    [Fact]
    public async Task Everything_that_minimal_apis_bind_is_bound()
    {
        await using var app = await StartAsync(
            app => app.MapWebSocket(
                "/ws/{id:int}",
                async (WebSocketConnection ws, int id, Guid key, [FromHeader(Name = "X-Test")] string header, [FromServices] Greeter greeter, [FromKeyedServices("b")] Greeter keyed,
                    HttpRequest request, ClaimsPrincipal user, CancellationToken stopping, string? token = null, int count = 7) =>
                {
                    await ws.SendTextAsync($"{id} {key:N} {header} {greeter.Name} {keyed.Name} {request.Cookies["c"]} {user.Identity!.IsAuthenticated} {stopping.IsCancellationRequested} {token ?? "none"} {count}");
                }),
            builder =>
            {
                builder.Services.AddScoped(_ => new Greeter("a"));
                builder.Services.AddKeyedSingleton("b", new Greeter("b"));
            });
        await using var ws = await app.ConnectAsync(
            $"/ws/5?key={Guid.Empty}", new() { ["X-Test"] = "h" }, cookies: new() { ["c"] = "cookie" });
        Assert.Equal($"5 {Guid.Empty:N} h a b cookie False False none 7", await ws.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("/ws/5", 400)]
    [InlineData("/ws/5?key=no-guid", 400)]
    [InlineData("/ws/x?key=00000000-0000-0000-0000-000000000000", 404)]
    public async Task What_does_not_bind_is_answered_before_the_handshake(string url, int status)
    {
        await using var app = await StartAsync(app => app.MapWebSocket("/ws/{id:int}", (WebSocketConnection ws, int id, Guid key) => ws.SendTextAsync("never").AsTask()));
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync(url));
        Assert.Equal(status, refused.StatusCode);
        Assert.Equal(0, app.App.Services.GetRequiredService<ITidings>().Connections.Count);
    }

    [Fact]
    public async Task Scoped_services_live_as_long_as_the_connection()
    {
        var scoped = new TaskCompletionSource<Scoped>();
        await using var app = await StartAsync(
            app => app.MapWebSocket("/ws", async (WebSocketConnection ws, Scoped service) =>
            {
                scoped.SetResult(service);
                await ws.ReceiveTextAsync();
                await ws.SendTextAsync($"{service.Disposed.Task.IsCompleted}");
            }),
            builder => builder.Services.AddScoped<Scoped>());
        await using var ws = await app.ConnectAsync();
        await ws.SendTextAsync("?");
        Assert.Equal("False", await ws.ReceiveTextAsync());
        await (await scoped.Task).Disposed.Task.WaitAsync(EndpointApp.Limit);
    }

    [Fact]
    public async Task Filters_run_around_the_handler_and_can_refuse()
    {
        var order = new List<string>();
        await using var app = await StartAsync(app => app.MapGroup("/g")
            .AddEndpointFilter(async (context, next) =>
            {
                order.Add("before");
                var result = context.HttpContext.Request.Query.ContainsKey("no") ? TypedResults.StatusCode(418) : await next(context);
                order.Add("after");
                return result;
            })
            .MapWebSocket("/ws", async (WebSocketConnection ws) =>
            {
                order.Add("handler");
                await ws.SendTextAsync("hello");
            }));
        await using (var ws = await app.ConnectAsync("/g/ws"))
        {
            Assert.Equal("hello", await ws.ReceiveTextAsync());
            await ws.ExpectCloseAsync(1000);
        }

        Assert.Equal(["before", "handler", "after"], order);
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync("/g/ws?no"));
        Assert.Equal(418, refused.StatusCode);
    }

    [Fact]
    public async Task Filters_can_speak_too()
    {
        await using var app = await StartAsync(app =>
        {
            app.MapWebSocket("/bound", async (WebSocketConnection ws, CancellationToken stopping) => { await ws.ReceiveTextAsync(stopping); })
                .AddEndpointFilter(async (context, next) =>
                {
                    await context.GetArgument<WebSocketConnection>(0).SendTextAsync("an argument");
                    return await next(context);
                });
            app.MapWebSocket("/plain", async ws => await ws.ReceiveTextAsync())
                .AddEndpointFilter(async (context, next) =>
                {
                    await context.HttpContext.Features.GetRequiredFeature<WebSocketConnection>().SendTextAsync("a feature");
                    return await next(context);
                });
        });
        await using var bound = await app.ConnectAsync("/bound");
        Assert.Equal("an argument", await bound.ReceiveTextAsync());
        await using var plain = await app.ConnectAsync("/plain");
        Assert.Equal("a feature", await plain.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/plain")]
    public async Task Authorization_holds_before_the_handshake(string url)
    {
        await using var app = await StartAsync(
            app =>
            {
                app.MapWebSocket("/ws", (WebSocketConnection ws, ClaimsPrincipal user) => ws.SendTextAsync(user.Identity!.Name!).AsTask()).RequireAuthorization();
                app.MapWebSocket("/plain", ws => ws.SendTextAsync(ws.User.Identity!.Name!).AsTask()).RequireAuthorization();
            },
            HeaderAuthentication.Add);
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync(url));
        Assert.Equal(401, refused.StatusCode);
        await using var ws = await app.ConnectAsync(url, new() { ["X-User"] = "ann" });
        Assert.Equal("ann", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_page_of_another_origin_does_not_ride_on_a_cookie()
    {
        await using var app = await StartAsync(app => app.MapWebSocket("/ws", ws => ws.SendTextAsync("hello").AsTask()), HeaderAuthentication.Add);
        var headers = new Dictionary<string, string> { ["X-User"] = "ann", ["Origin"] = "https://evil.example" };
        var refused = await Assert.ThrowsAsync<WebSocketRefusedException>(() => app.ConnectAsync(headers: headers, cookies: new() { ["session_id"] = "1" }));
        Assert.Equal(403, refused.StatusCode);
        headers["Origin"] = "http://localhost";
        await using var ws = await app.ConnectAsync(headers: headers, cookies: new() { ["session_id"] = "1" });
        Assert.Equal("hello", await ws.ReceiveTextAsync());
    }

    [Fact]
    public async Task Routes_have_names()
    {
        await using var app = await StartAsync(app => app.MapWebSocket("/ws/{id}", (WebSocketConnection ws, string id) => ws.SendTextAsync(id).AsTask()).WithName("talk"));
        Assert.Equal("/ws/1", app.App.Services.GetRequiredService<LinkGenerator>().GetPathByName("talk", new { id = 1 }));
    }

    [Fact]
    public async Task A_plain_request_gets_help()
    {
        await using var app = await EndpointApp.StartAsync(HostKind.Streams, app => app.MapWebSocket("/ws", ws => ws.SendTextAsync("x").AsTask()));
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(app.App.Urls.First() + "/ws"));
        Assert.Equal(426, (int)answer.StatusCode);
        Assert.Contains("WebSocket", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Handlers_that_return_something_else_are_refused_at_once()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddTidings();
        var app = builder.Build();
        Assert.Throws<ArgumentException>(() => app.MapWebSocket("/ws", (WebSocketConnection ws) => "text"));
        Assert.Throws<ArgumentException>(() => app.MapWebSocket("/ws", (Delegate)((WebSocketConnection ws) => { })));
        Assert.Throws<InvalidOperationException>(() => WebApplication.CreateSlimBuilder().Build().MapWebSocket("/ws", ws => Task.CompletedTask));
    }

    [Fact]
    public async Task A_connection_is_bound_on_websocket_routes_alone()
    {
        await using var app = await StartAsync(app => app.MapGet("/http", (WebSocketConnection ws) => ws.Id));
        using var http = ((TestServer)app.App.Services.GetRequiredService<IServer>()).CreateClient();
        await Assert.ThrowsAsync<InvalidOperationException>(() => http.GetAsync(new Uri("http://localhost/http")));
    }

    private static Task<EndpointApp> StartAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null) =>
        EndpointApp.StartAsync(HostKind.Memory, map, configure);

    private sealed record Greeter(string Name);

    private sealed class Scoped : IDisposable
    {
        public TaskCompletionSource Disposed { get; } = new();

        public void Dispose() => Disposed.TrySetResult();
    }
}
