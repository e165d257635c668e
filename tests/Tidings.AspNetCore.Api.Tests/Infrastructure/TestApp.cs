using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Keys;

namespace Tidings.AspNetCore.Api.Tests.Infrastructure;

/// <summary>An application with channels, calls and the server API, on a port of its own. <c>?as=name</c> is its authentication.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LogCollector _log;

    private TestApp(WebApplication app, LogCollector log)
    {
        _app = app;
        _log = log;
        Url = new Uri(app.Urls.First());
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(20) };
    }

    public Uri Url { get; }
    public HttpClient Http { get; }
    public IServiceProvider Services => _app.Services;
    public ITidings Tidings => _app.Services.GetRequiredService<ITidings>();
    public IReadOnlyCollection<string> Log => _log.Lines;

    public static async Task<TestApp> StartAsync(
        Action<TidingsBuilder>? map = null, Action<TidingsOptions>? options = null, Action<IServiceCollection>? services = null, TimeProvider? time = null, string? environment = null)
    {
        var log = new LogCollector();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment ?? Environments.Production });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(log);
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        if (environment is null)
        {
            // So that tests of something else need no key.
            builder.Services.AddSingleton(new DirectLocalRule(triedOut: true));
        }

        services?.Invoke(builder.Services);
        builder.Services.AddTidings(tidings =>
        {
            tidings.Limits.Preset = LimitPreset.None;
            tidings.Drain = TimeSpan.Zero;
            options?.Invoke(tidings);
        });
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Query["as"] is [{ } name])
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name), new Claim(ClaimTypes.Name, name.ToUpperInvariant())], "test"));
            }

            return next(context);
        });
        app.UseRouting();
        var tidings = app.MapTidings("/connect");
        map?.Invoke(tidings);
        app.MapClients("/ws/clients/{clientId}");
        app.MapTidingsApi("/api");
        app.MapAsyncApi();
        await app.StartAsync();
        return new TestApp(app, log);
    }

    /// <summary>Connects and takes <c>connected</c>.</summary>
    public async Task<ChannelClient> ConnectAsync(string? user = null)
    {
        var client = await ChannelClient.ConnectAsync(Url.Port, user is null ? "/connect" : "/connect?as=" + user);
        client.Connected = await client.ExpectAsync("connected");
        return client;
    }

    /// <summary>Posts to the API.</summary>
    public Task<(HttpStatusCode Status, JsonElement Json)> PostAsync(string operation, string json) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, "/api/" + operation) { Content = new StringContent(json, Encoding.UTF8, "application/json") });

    public Task<(HttpStatusCode Status, JsonElement Json)> GetAsync(string operationAndQuery) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/" + operationAndQuery));

    public async Task<(HttpStatusCode Status, JsonElement Json)> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Http.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            return (response.StatusCode, body.Length == 0 ? default : JsonDocument.Parse(body).RootElement.Clone());
        }
    }

    /// <summary>Posts, and expects 200.</summary>
    public async Task<JsonElement> OkAsync(string operation, string json)
    {
        var (status, answer) = await PostAsync(operation, json);
        Assert.True(status == HttpStatusCode.OK, $"{operation} was answered {(int)status}: {answer}");
        return answer;
    }

    /// <summary>Posts, and expects a problem.</summary>
    public async Task<string> ProblemAsync(string operation, string json, int status, string code)
    {
        var (actual, answer) = await PostAsync(operation, json);
        Assert.Equal((status, code), ((int)actual, answer.GetProperty("code").GetString()));
        Assert.Equal(status, answer.GetProperty("status").GetInt32());
        return answer.GetProperty("detail").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }
}
