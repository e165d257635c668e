using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>Plain handshakes of the server's own routes pass by the web server; all others go through its pipeline.</summary>
public class ExpressHandshakes
{
    [Theory]
    [InlineData("/ws")]
    [InlineData("/ws/lobby")]
    [InlineData("/ws/clients/ann")]
    [InlineData("/connect")]
    public async Task Middleware_does_not_see_plain_handshakes(string path)
    {
        var pipeline = new Pipeline();
        await using var server = await TestServer.StartAsync(Pump.Lanes, pipeline.Watch);
        await using (var tcp = await RawTcp.ConnectAsync(server.Port))
        {
            await tcp.SendAsync(RawHead.Upgrade(path));
            await tcp.ExpectStatusAsync(101);
        }

        Assert.Equal(0, pipeline.Requests);
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("/ws/echo", "Accept", "*/*")]
    [InlineData("/ws/l%6Fbby", "Accept", "*/*")]
    [InlineData("/ws/lobby", "Cookie", "a=b")]
    [InlineData("/ws/lobby", "X-Forwarded-For", "10.0.0.1")]
    public async Task Handshakes_that_are_not_plain_go_through_the_pipeline(string path, string name, string value)
    {
        var pipeline = new Pipeline();
        await using var server = await TestServer.StartAsync(Pump.Lanes, pipeline.Watch);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Bytes(RawHead.Upgrade(path, (name, value))));
        await tcp.ExpectStatusAsync(101);
        Assert.Equal(1, pipeline.Requests);
    }

    [Fact]
    public async Task A_head_in_pieces_is_answered_when_it_is_whole()
    {
        var pipeline = new Pipeline();
        await using var server = await TestServer.StartAsync(Pump.Lanes, pipeline.Watch);
        var head = RawHead.Bytes(RawHead.Upgrade("/ws/lobby"));
        for (var cut = 1; cut < head.Length; cut += 7)
        {
            await using var tcp = await RawTcp.ConnectAsync(server.Port);
            await tcp.SendAsync(head.AsMemory(0, cut));
            await tcp.SendAsync(head.AsMemory(cut));
            await tcp.ExpectStatusAsync(101);
        }

        Assert.Equal(0, pipeline.Requests);
    }

    [Fact]
    public async Task What_comes_with_the_head_is_the_first_message()
    {
        await using var server = await TestServer.StartAsync(Pump.Lanes);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        byte[] bytes = [.. RawHead.Bytes(RawHead.Upgrade("/ws")), .. RawFrame.OfText("early").ToBytes()];
        await tcp.SendAsync(bytes);
        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("Echo: early", send: false);
    }

    [Fact]
    public async Task A_refusal_is_answered_with_its_status_and_ends_the_connection()
    {
        await using var server = await TestServer.StartAsync(Pump.Lanes);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Bytes(RawHead.Upgrade("/ws/lobby", ("Sec-WebSocket-Key", "short"))));
        var response = await tcp.ReadResponseAsync();
        Assert.Equal(400, response.Status);
        Assert.Equal("close", response.Header("Connection"));
        Assert.True(DateTimeOffset.TryParseExact(response.Header("Date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        Assert.Equal("Sec-WebSocket-Key must be the base64 of 16 bytes, once.\n", response.Body);
    }

    private sealed class Pipeline : IStartupFilter
    {
        private int _requests;

        public int Requests => Volatile.Read(ref _requests);

        public void Watch(WebApplicationBuilder builder) => builder.Services.AddSingleton<IStartupFilter>(this);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate rest) =>
            {
                Interlocked.Increment(ref _requests);
                return rest(context);
            });
            next(app);
        };
    }
}
