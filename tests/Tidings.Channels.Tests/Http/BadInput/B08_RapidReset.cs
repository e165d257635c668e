using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Streams over HTTP/2 that are opened and reset without end, as CVE-2023-44487.</summary>
public sealed class B08_RapidReset
{
    private const int Streams = 10_000;
    private const int AtOnce = 50;

    [Fact]
    public async Task Ten_thousand_streams_that_are_reset_leave_nothing_and_another_reader_notices_nothing()
    {
        await using var server = await TestServer.StartAsync(Pump.Streams, configure: static builder =>
            builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.Protocols = HttpProtocols.Http2)));
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var http = new HttpClient(handler) { BaseAddress = server.Url, Timeout = Eventually.Limit };
        using var attacker = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Url, Timeout = Eventually.Limit };
        await using var control = await EventStream.OpenAsync(http, "/connect?channel=chat:control", version: HttpVersion.Version20);
        await control.ExpectAsync("connected");
        for (var i = 0; i < Streams / AtOnce; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => ResetAsync(attacker)));
            await HttpRules.SayAsync(server, "chat:control", $"{i}");
            await control.ExpectMessageAsync($"{i}");
        }

        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        await Eventually.EqualAsync(1, () => server.Hub.Channels, "The number of channels");

        // Whoever resets too much at once, Kestrel itself drops.
        Assert.All(server.Log, static line => Assert.Contains("Http2", line, StringComparison.Ordinal));
    }

    // Where the framework drops the connection of one who resets too much, that is as good.
    private static async Task ResetAsync(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?channel=chat:a&channel=lobby:1&presence=true") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var reset = new CancellationTokenSource();
        try
        {
            var asking = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, reset.Token);
            await Task.Yield();
            await reset.CancelAsync();
            (await asking).Dispose();
        }
        catch (Exception error) when (error is OperationCanceledException or HttpRequestException)
        {
        }
    }
}
