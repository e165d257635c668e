using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.AspNetCore.Connect;
using Tidings.AspNetCore.Services;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Channels.Tests.ForeignDialect;

/// <summary>A protocol that the project does not know is one dialect and one line that maps it.</summary>
public abstract class LineDialectRules(bool lanes) : IAsyncDisposable
{
    public sealed class OverLanes() : LineDialectRules(lanes: true);

    public sealed class OverStreams() : LineDialectRules(lanes: false);

    private readonly ManualTime _time = new();
    private WebApplication? _app;

    [Fact]
    public async Task It_shares_channels_with_connect()
    {
        await using var lines = await ConnectAsync();
        await using var plain = await RawWebSocket.ConnectAsync(Port, "/connect");
        await plain.ReceiveTextAsync();
        await lines.SendTextAsync("SUB 1 chat:a\nPUB 2 chat:a {\"n\":1}");
        var epoch = await SubscribedAsync(lines, "1");
        await lines.ExpectTextAsync($"OK 2 {epoch}/1");
        await lines.ExpectBinaryAsync("MSG chat:a 1 {\"n\":1}"u8.ToArray());
        await plain.SendTextAsync("""{"type":"publish","channel":"chat:a","data":"from connect"}""");
        await lines.ExpectBinaryAsync("MSG chat:a 2 \"from connect\""u8.ToArray());
        await plain.ReceiveTextAsync();
        await plain.SendTextAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Contains("\"offset\":1,\"data\":{\"n\":1}", await plain.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_of_one_message_are_carried_out_in_their_order_and_a_bad_one_harms_no_other()
    {
        await using var lines = await ConnectAsync();
        await lines.SendTextAsync("SUB 1 chat:a\nNONSENSE 2\nSUB 3 chat:a\nPUB 4 secret 1\nPUB 5 chat:a 5\n?");
        var epoch = await SubscribedAsync(lines, "1");
        await lines.ExpectTextAsync("NO 2 bad_request Malformed line");
        await lines.ExpectTextAsync("NO 3 conflict Already subscribed");
        await lines.ExpectTextAsync("NO 4 not_allowed Not allowed");
        await lines.ExpectTextAsync($"OK 5 {epoch}/1");
        await lines.ExpectTextAsync("!");
        await lines.ExpectBinaryAsync("MSG chat:a 1 5"u8.ToArray());
        await lines.SendTextAsync("END 6 chat:a");
        await lines.ExpectTextAsync("OK 6");
    }

    [Fact]
    public async Task It_recovers_and_tells_gaps_in_its_own_words()
    {
        await using var lines = await ConnectAsync();
        await lines.SendTextAsync("PUB 1 chat:a 1\nPUB 2 chat:a 2");
        var epoch = (await lines.ReceiveTextAsync()).Split(' ', '/')[2];
        await lines.ReceiveTextAsync();
        await lines.SendTextAsync($"SUB 3 chat:a {epoch}/1");
        await lines.ExpectTextAsync($"OK 3 {epoch}/1 whole");
        await lines.ExpectBinaryAsync("MSG chat:a 2 2"u8.ToArray());
        await lines.SendTextAsync("END 4 chat:a\nSUB 5 chat:a 0123456789abcdef/7");
        await lines.ExpectTextAsync("OK 4");
        await lines.ExpectTextAsync($"OK 5 {epoch}/2 gap");
        Edge.Node.Hub.Announce("chat:a", new StreamPosition("fedcba9876543210", 4));
        await lines.ExpectTextAsync("LOST chat:a 3-2 epoch");
        Edge.Node.Hub.Announce("chat:a", new StreamPosition("fedcba9876543210", 6));
        await lines.ExpectTextAsync("LOST chat:a 5-6 trimmed");
    }

    [Fact]
    public async Task The_server_speaks_to_it()
    {
        await using var lines = await ConnectAsync();
        var server = Edge.Node.ServerActions;
        Assert.Equal(1, await server.SendAsync(NodeTarget.Connection, _connection, "{\"n\":1}"u8.ToArray(), TestContext.Current.CancellationToken));
        await lines.ExpectTextAsync("YOU {\"n\":1}");
        await lines.SendTextAsync("SUB 1 chat:a");
        await SubscribedAsync(lines, "1");
        Assert.Equal(1, await server.UnsubscribeAsync(NodeTarget.Connection, _connection, "chat:a", TestContext.Current.CancellationToken));
        await lines.ExpectTextAsync("GONE chat:a Unsubscribed by server");
    }

    [Fact]
    public async Task It_has_a_ping_and_close_codes_of_its_own()
    {
        await using var lines = await ConnectAsync();
        _time.Advance(TimeSpan.FromSeconds(31));
        await lines.ExpectTextAsync("ARE-YOU-THERE");
        await lines.ExpectPingAsync();
        await lines.SendTextAsync("!\n?");
        await lines.ExpectTextAsync("!");
        var closing = Edge.Node.Registry.CloseAllAsync(DisconnectCode.Draining, TestContext.Current.CancellationToken);
        await lines.ExpectCloseAsync(DisconnectCode.Draining.Code - 1000, DisconnectCode.Draining.Reason);
        await lines.DisposeAsync();
        await closing;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_app is not null)
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await _app.StopAsync(bound.Token);
            await _app.DisposeAsync();
        }
    }

    private string _connection = "";

    private int Port => new Uri(_app!.Urls.First()).Port;

    private Edge Edge => _app!.Services.GetRequiredService<Edge>();

    private async Task<RawWebSocket> ConnectAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddTidings(static options => options.Drain = TimeSpan.Zero);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (lanes)
        {
            builder.WebHost.UseTidings();
        }

        _app = builder.Build();
        _app.MapTidings("/connect");
        _app.MapDialect("/lines", new LineDialect(Edge.Node.Deflater));
        await _app.StartAsync();
        var socket = await RawWebSocket.ConnectAsync(Port, "/lines");
        var hello = await socket.ReceiveTextAsync();
        Assert.StartsWith("HELLO ", hello, StringComparison.Ordinal);
        _connection = hello["HELLO ".Length..];
        return socket;
    }

    private static async Task<string> SubscribedAsync(RawWebSocket lines, string id)
    {
        var answer = await lines.ReceiveTextAsync();
        Assert.Matches($"^OK {id} [0-9a-f]{{16}}/[0-9]+$", answer);
        return answer.Split(' ', '/')[2];
    }
}
