using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Http;

public sealed class Http2Rules
{
    [Fact]
    public async Task A_hundred_streams_share_one_connection_and_resume()
    {
        const int Streams = 100;
        await using var server = await TestServer.StartAsync(Pump.Streams, configure: static builder =>
            builder.WebHost.ConfigureKestrel(static kestrel => kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.Protocols = HttpProtocols.Http2)));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Url, Timeout = Eventually.Limit };
        var streams = new List<EventStream>();
        for (var i = 0; i < Streams; i++)
        {
            streams.Add(await EventStream.OpenAsync(http, "/connect?channel=chat:a", version: HttpVersion.Version20));
            await streams[i].ExpectAsync("connected");
        }

        await HttpRules.SayAsync(server, "chat:a", "1");
        await Task.WhenAll(streams.Select(static stream => stream.ExpectMessageAsync("1")));
        var position = streams[0].LastId;
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }

        await server.ExpectIdleAsync();
        await HttpRules.SayAsync(server, "chat:a", "2");
        await using var again = await EventStream.OpenAsync(http, "/connect?channel=chat:a", position, version: HttpVersion.Version20);
        await again.ExpectAsync("connected");
        await again.ExpectMessageAsync("2");
        using var poll = new HttpRequestMessage(HttpMethod.Get, $"/connect?channel=chat:a&wait=60&since={position}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await http.SendAsync(poll);
        Assert.Equal(["2"], HttpRules.DataOf(JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement));
        server.ExpectNothingLogged();
    }
}
