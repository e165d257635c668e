using System.Security.Claims;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Tidings.Security;
using Tidings.Security.Tokens;

namespace Tidings.AspNetCore.Api.Tests.Handlers;

/// <summary>Routes of an application say how their clients say who they are.</summary>
public sealed class RouteAuthenticationTests
{
    private const string Secret = "a secret of the tests, 32 bytes or more";

    private static readonly string Token = new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, Secret)).Write(
        new TokenClaims { Subject = "ann", TokenId = "t1", IssuedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) });

    [Fact]
    public async Task Each_route_takes_the_ways_it_names_and_no_others()
    {
        await using var app = await StartAsync(static app =>
        {
            app.MapRooms("/header/{room}").WithAuthentication(AuthenticationMethods.Header);
            app.MapRooms("/message/{room}").WithAuthentication(AuthenticationMethods.FirstMessage);
            app.MapRooms("/open/{room}");
            app.MapTidings("/connect").WithAuthentication();
        });
        await ExpectInAsync(await ConnectAsync(app, "/header/a", Token));
        await ExpectInAsync(await ConnectAsync(app, "/open/a"));
        await using var unnamed = await ConnectAsync(app, "/header/a?token=" + Token);
        await unnamed.ExpectCloseAsync(4001, "Unauthorized");
        await using var first = await ConnectAsync(app, "/message/a");
        await first.SendTextAsync($$"""{"type":"auth","token":"{{Token}}"}""");
        await first.ExpectTextAsync("""{"type":"auth_success","user":"ann"}""");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Equal(401, (int)(await http.GetAsync(app.Urls.First() + "/connect?wait=0")).StatusCode);
        Assert.Equal(200, (int)(await http.GetAsync(app.Urls.First() + "/connect?wait=0&token=" + Token)).StatusCode);
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("token", 401)]
    [InlineData("policy", 401)]
    [InlineData("group", 401)]
    [InlineData("token, anonymous", 200)]
    public async Task A_route_of_channels_that_takes_in_nobody_anonymous_closes_channels_that_no_kind_matches(string asks, int status)
    {
        await using var app = await StartAsync(
            app =>
            {
                IEndpointRouteBuilder routes = asks == "group" ? app.MapGroup("").RequireAuthorization() : app;
                var connect = routes.MapTidings("/connect");
                app.MapTidingsMessages();
                _ = asks switch
                {
                    "token" => connect.WithAuthentication(),
                    "policy" => connect.RequireAuthorization(),
                    "token, anonymous" => connect.WithAuthentication().AllowAnonymous(),
                    _ => connect,
                };
            },
            static services =>
            {
                services.AddAuthorization();
                services.AddAuthentication(TokenSchemeExtensions.TidingsScheme).AddTidingsTokens();
            });
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Equal(status, (int)(await http.GetAsync(app.Urls.First() + "/api/messages?channel=orders&wait=0")).StatusCode);
    }

    [Fact]
    public async Task A_handler_of_the_application_that_asks_for_a_token_ends_with_it()
    {
        await using var app = await StartAsync(
            static app => app.MapWebSocket("/me", static async (WebSocketConnection socket, ClaimsPrincipal user) =>
            {
                await socket.SendTextAsync(user.Identity!.Name!);
                await socket.ReceiveTextAsync();
            }).RequireAuthorization(),
            static services =>
            {
                services.AddAuthorization();
                services.AddAuthentication(TokenSchemeExtensions.TidingsScheme).AddTidingsTokens();
            });
        await Assert.ThrowsAsync<ExpectationException>(() => ConnectAsync(app, "/me"));
        await Assert.ThrowsAsync<ExpectationException>(() => ConnectAsync(app, "/me?token=x.y.z"));
        await using var socket = await ConnectAsync(app, "/me?token=" + Token);
        await socket.ExpectTextAsync("ann");
        Assert.Equal(1, await app.Services.GetRequiredService<ITidings>().DisconnectAsync("ann", revoke: true));
        await socket.ExpectCloseAsync(4010, "Disconnected by server");
    }

    [Fact]
    public async Task Tokens_of_another_kind_need_one_class()
    {
        await using var app = await StartAsync(
            static app => app.MapRooms("/ws/{room}").WithAuthentication(), static services => services.AddSingleton<ITokenAuthenticator, Sessions>());
        await ExpectInAsync(await ConnectAsync(app, "/ws/a?token=session-of-ann"));
        await using var unknown = await ConnectAsync(app, "/ws/a?token=other");
        await unknown.ExpectCloseAsync(4001, "Invalid token");
        await using var failing = await ConnectAsync(app, "/ws/a");
        await failing.SendTextAsync("""{"type":"auth","token":"broken"}""");
        await failing.ExpectCloseAsync(1013, "Unavailable");
    }

    private static Task<RawWebSocket> ConnectAsync(WebApplication app, string path, string? bearer = null) =>
        RawWebSocket.ConnectAsync(new Uri(app.Urls.First()).Port, path, bearer is null ? null : new RawOptions { Headers = [("Authorization", "Bearer " + bearer)] });

    private static async Task ExpectInAsync(RawWebSocket socket)
    {
        await using (socket)
        {
            await socket.SendTextAsync("hello");
            await socket.ExpectTextAsync("[a] hello");
        }
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseTidings();
        builder.Services.AddTidings(static options => options.Jwt.Secret = Secret);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private sealed class Sessions : ITokenAuthenticator
    {
        public ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken) => token switch
        {
            "session-of-ann" => ValueTask.FromResult<TokenIdentity?>(new TokenIdentity { Subject = "ann" }),
            "broken" => throw new InvalidOperationException("The database of sessions is away."),
            _ => ValueTask.FromResult<TokenIdentity?>(null),
        };
    }
}
