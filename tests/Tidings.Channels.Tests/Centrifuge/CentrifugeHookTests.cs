using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>A back end that says who comes and answers calls, asked by clients of the Centrifuge protocol.</summary>
public sealed class CentrifugeHookTests : ServerTests
{
    private readonly ConcurrentQueue<JsonElement> _asked = new();

    [Fact]
    public async Task The_back_end_says_who_comes_and_answers_calls()
    {
        await using var hook = await StartHookAsync(static asked => asked.GetProperty("event").GetString() switch
        {
            "connect" => """{"user":"ann","info":{"name":"Ann"},"channels":["news"]}""",
            "call" => """{"data":{"sum":3}}""",
            _ => "{}",
        });
        await using var server = await StartAsync(Settings(hook));
        await using var client = await CentrifugeClient.OpenAsync(server);
        var connect = (await client.AskAsync("connect", "{}")).GetProperty("connect");
        Assert.Equal(["all", "user:ann", "news"], connect.GetProperty("subs").EnumerateObject().Select(static sub => sub.Name));
        Assert.Equal("""{"data":{"sum":3}}""", (await client.AskAsync("rpc", """{"method":"add","data":[1,2]}""")).GetProperty("rpc").GetRawText());
        await client.SendAsync("""{"send":{"data":{"x":1}}}""");
        await client.SubscribeAsync("chat:a");
        var calls = _asked.Where(static asked => asked.GetProperty("event").GetString() == "call").ToList();
        Assert.Equal(["add", "send"], calls.Select(static call => call.GetProperty("method").GetString()));
        Assert.All(calls, call => Assert.Equal("ann", call.GetProperty("user").GetString()));
    }

    [Fact]
    public async Task Whom_it_refuses_is_told_in_the_protocol_s_numbers()
    {
        await using var hook = await StartHookAsync(static _ => """{"allow":false}""");
        await using var server = await StartAsync(Settings(hook));
        await using var client = await CentrifugeClient.OpenAsync(server);
        await client.Socket.ExpectCloseInTheEndAsync(3507, "permission denied");
        using var content = new StringContent("""{"connect":{},"id":1}""");
        using var answer = await server.Http.PostAsync(new Uri("/connection/http_stream", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)answer.StatusCode);
        await client.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    private static (string, string?)[] Settings(WebApplication hook) =>
    [
        ("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Heartbeat:Interval", "0"), ("Tidings:Hooks:Secret", "a-secret-of-the-hooks"), ("Tidings:Hooks:Connect", hook.Urls.First()), ("Tidings:Hooks:Call", hook.Urls.First()),
    ];

    private async Task<WebApplication> StartHookAsync(Func<JsonElement, string> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/", async context =>
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var asked = document.RootElement.Clone();
            _asked.Enqueue(asked);
            await context.Response.WriteAsync(answer(asked));
        });
        await app.StartAsync();
        return app;
    }
}
