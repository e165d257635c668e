using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Pressure;
using Tidings.Testing;
using Tidings.Tests.Pressure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class OverloadRules(string pump)
{
    private readonly string _pump = pump;
    private readonly ManualPressure _pressure = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Newcomers_are_refused_before_the_upgrade_and_those_inside_go_on()
    {
        await using var server = await StartAsync();
        using var probe = new MetricProbe(server.Meters);
        await using var inside = await server.ConnectSettledAsync("/ws/lobby");
        Press(0.95);
        var handshake = await server.HandshakeAsync("/ws/lobby");
        Assert.Equal(503, handshake.Status);
        Assert.Matches("^[1-9][0-9]*$", handshake.Header("Retry-After"));
        foreach (var (url, stream) in new[] { ("/connect", true), ("/connect?wait=5", false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Accept.ParseAdd(stream ? "text/event-stream" : "application/json");
            using var refused = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        using var ready = await server.Http.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        await inside.SendTextAsync("still here");
        await inside.ExpectTextAsync("[lobby] still here");
        Assert.Equal(3, probe.Sum("tidings.shed/memory"));

        Press(0.1);
        _time.Advance(TimeSpan.FromSeconds(4));
        await using var outside = await server.ConnectSettledAsync("/ws/lobby");
        using var again = await server.Http.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task What_can_wait_is_refused_and_what_is_said_is_not()
    {
        await using var server = await StartAsync();
        await using var inside = await server.ConnectAsync("/connect");
        await inside.ReceiveTextAsync();
        Press(0.95);
        foreach (var command in new[]
        {
            """{"type":"history","id":1,"channel":"chat:a"}""",
            """{"type":"presence","id":1,"channel":"chat:a"}""",
            """{"type":"subscribe","id":1,"channel":"chat:a","last":5}""",
            """{"type":"subscribe","id":1,"channel":"chat:a","since":{"epoch":"e","offset":1}}""",
        })
        {
            await inside.SendTextAsync(command);
            await inside.ExpectTextAsync("""{"type":"error","id":1,"code":"unavailable","error":"Overloaded","retryAfter":5000}""");
        }

        await inside.SendTextAsync("""{"type":"subscribe","id":2,"channel":"chat:a"}""");
        Assert.StartsWith("""{"type":"subscribed","id":2,""", await inside.ReceiveTextAsync(), StringComparison.Ordinal);
        using var published = await server.Http.PostAsync("/api/publish", new StringContent("""{"channel":"chat:a","data":"hi"}""", null, "application/json"));
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        Assert.Contains("\"data\":\"hi\"", await inside.ReceiveTextAsync(), StringComparison.Ordinal);
        foreach (var url in new[] { "/api/history?channel=chat:a", "/api/presence?channel=chat:a" })
        {
            using var refused = await server.Http.GetAsync(url);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, 5), (refused.StatusCode, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds));
        }
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        _pump, _time, builder => builder.Services.AddSingleton<IPressure>(_pressure), ("Tidings:Overload:MemoryPercent", "90"));

    // What was seen a moment ago counts no more.
    private void Press(double memory)
    {
        _pressure.Memory = memory;
        _time.Advance(TimeSpan.FromMilliseconds(100));
    }
}
