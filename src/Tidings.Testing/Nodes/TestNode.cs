using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.Security;
using Tidings.Security.Tokens;

namespace Tidings.Testing;

/// <summary>A node in memory, for tests of what an application says and hears in channels. It has <c>/connect</c>, and takes everybody for whom it is told to.</summary>
public sealed class TestNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestNode(WebApplication app) => _app = app;

    /// <summary>What the application says and asks through Tidings.</summary>
    public ITidings Tidings => _app.Services.GetRequiredService<ITidings>();

    /// <summary>All services of the node.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a node.</summary>
    /// <param name="configure">Sets options, as the kinds of channels.</param>
    /// <param name="time">The clock, as a <see cref="ManualTime"/> or a <c>FakeTimeProvider</c>; null for the system's.</param>
    /// <param name="cluster">The nodes that it is one of; null for a node that is alone.</param>
    /// <param name="map">Says what the application does in its channels: <c>channels => channels.MapCall(…)</c>.</param>
    /// <param name="services">Registers services that handlers want.</param>
    public static async Task<TestNode> StartAsync(
        Action<TidingsOptions>? configure = null, TimeProvider? time = null, TestCluster? cluster = null, Action<TidingsBuilder>? map = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        var tidings = builder.Services.AddTidings(options =>
        {
            options.Drain = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        builder.Services.AddSingleton<ITokenAuthenticator, UserNames>();
        cluster?.AddTo(tidings.Services);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        var channels = app.MapTidings();
        map?.Invoke(channels);
        await app.StartAsync();
        return new TestNode(app);
    }

    /// <summary>Connects a client.</summary>
    /// <param name="user">The user that it is; null for somebody anonymous.</param>
    public Task<TestClient> ConnectAsync(string? user = null) => _app.ConnectTidingsAsync(user is null ? null : Uri.EscapeDataString(user));

    /// <summary>Stops the node; its connections end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    // Who is let in is what a test says: the token is the user.
    private sealed class UserNames : ITokenAuthenticator
    {
        public ValueTask<TokenIdentity?> AuthenticateAsync(string token, CancellationToken cancellationToken) =>
            ValueTask.FromResult<TokenIdentity?>(new TokenIdentity { Subject = Uri.UnescapeDataString(token) });
    }
}
