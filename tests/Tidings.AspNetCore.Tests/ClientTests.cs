using Tidings.AspNetCore.Tests.Endpoints;

namespace Tidings.AspNetCore.Tests;

/// <summary>Clients by name (design 1.4).</summary>
public abstract class ClientTests(HostKind host)
{
    public sealed class InMemory() : ClientTests(HostKind.Memory);

    public sealed class OverStreams() : ClientTests(HostKind.Streams);

    public sealed class OverLanes() : ClientTests(HostKind.Lanes);

    [Fact]
    public async Task A_broadcast_reaches_all_the_sender_too()
    {
        await using var app = await StartAsync();
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        await using var bob = await app.ConnectAsync("/ws/clients/bob");
        await ann.SendTextAsync("""{"type":"broadcast","message":"hi"}""");
        Assert.Equal("""{"from":"ann","message":"hi"}""", await ann.ReceiveTextAsync());
        Assert.Equal("""{"from":"ann","message":"hi"}""", await bob.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_personal_message_reaches_one()
    {
        await using var app = await StartAsync();
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        await using var bob = await app.ConnectAsync("/ws/clients/bob");
        await ann.SendTextAsync("""{ "to":"bob", "message":{"a":[1, 2]}, "type":"personal", "more":{} }""");
        Assert.Equal("""{"from":"ann","message":{"a":[1, 2]}}""", await bob.ReceiveTextAsync());
        await ann.SendTextAsync("""{"type":"personal","to":"eve","message":"hi"}""");
        Assert.Equal("""{"error":"Client not found"}""", await ann.ReceiveTextAsync());
    }

    [Theory]
    [InlineData(TidingsLanguage.En, "bob left")]
    [InlineData(TidingsLanguage.Zh, "bob 离开了")]
    public async Task Leaving_is_told_to_the_others(TidingsLanguage language, string text)
    {
        await using var app = await StartAsync(options => options.Language = language);
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        var bob = await app.ConnectAsync("/ws/clients/bob");
        await bob.CloseAsync();
        Assert.Equal($$"""{"type":"system","message":"{{text}}"}""", await ann.ReceiveTextAsync());
        await bob.DisposeAsync();
    }

    [Theory]
    [InlineData("[1]", "")]
    [InlineData("""{"type":"shout","message":1}""", "type")]
    [InlineData("""{"type":"broadcast"}""", "message")]
    [InlineData("""{"type":"personal","message":1}""", "to")]
    public async Task What_does_not_fit_is_answered(string text, string field)
    {
        await using var app = await StartAsync();
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        await ann.SendTextAsync(text);
        Assert.StartsWith($$"""{"error":"Invalid message format","details":[{"field":"{{field}}","message":""", await ann.ReceiveTextAsync(), StringComparison.Ordinal);
        await ann.SendTextAsync("{");
        Assert.Equal("""{"error":"Invalid JSON format"}""", await ann.ReceiveTextAsync());
    }

    [Fact]
    public async Task More_than_twenty_bad_ones_in_a_row_end_it()
    {
        await using var app = await StartAsync();
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        for (var i = 0; i < 21; i++)
        {
            await ann.SendTextAsync("{");
            Assert.Equal("""{"error":"Invalid JSON format"}""", await ann.ReceiveTextAsync());
        }

        await ann.ExpectCloseAsync(1003);
    }

    [Fact]
    public async Task A_second_connection_replaces_the_first()
    {
        await using var app = await StartAsync();
        await using var other = await app.ConnectAsync("/ws/clients/other");
        await using var first = await app.ConnectAsync("/ws/clients/ann");
        await using var second = await app.ConnectAsync("/ws/clients/ann");
        Assert.Equal("Replaced", await first.ExpectCloseAsync(4009));
        await second.SendTextAsync("""{"type":"broadcast","message":1}""");
        Assert.Equal("""{"from":"ann","message":1}""", await other.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_second_connection_can_be_refused()
    {
        await using var app = await StartAsync(options => options.Clients.Duplicates = DuplicateClients.Refuse);
        await using var first = await app.ConnectAsync("/ws/clients/ann");
        await using var second = await app.ConnectAsync("/ws/clients/ann");
        await second.ExpectCloseAsync(1008);
        await first.SendTextAsync("""{"type":"broadcast","message":1}""");
        Assert.Equal("""{"from":"ann","message":1}""", await first.ReceiveTextAsync());
    }

    [Fact]
    public async Task A_second_connection_can_join()
    {
        await using var app = await StartAsync(options => options.Clients.Duplicates = DuplicateClients.Join);
        await using var other = await app.ConnectAsync("/ws/clients/other");
        await using var first = await app.ConnectAsync("/ws/clients/ann");
        await using var second = await app.ConnectAsync("/ws/clients/ann");
        await other.SendTextAsync("""{"type":"personal","to":"ann","message":1}""");
        Assert.Equal("""{"from":"other","message":1}""", await first.ReceiveTextAsync());
        Assert.Equal("""{"from":"other","message":1}""", await second.ReceiveTextAsync());
        await first.CloseAsync();
        await first.ExpectCloseAsync(1000);
        await second.CloseAsync();
        Assert.Equal("""{"type":"system","message":"ann left"}""", await other.ReceiveTextAsync());
    }

    [Fact]
    public async Task The_application_speaks_to_clients()
    {
        await using var app = await StartAsync();
        var clients = app.App.Services.GetRequiredService<ITidings>().Clients;
        await using var ann = await app.ConnectAsync("/ws/clients/ann");
        await using var bob = await app.ConnectAsync("/ws/clients/bob");
        Assert.Equal(2, clients.Count);
        Assert.True(clients.IsConnected("ann"));
        Assert.Equal(1, await clients.SendAsync("ann", new { order = 5 }));
        Assert.Equal("""{"order":5}""", await ann.ReceiveTextAsync());
        Assert.Equal(0, await clients.SendAsync("eve", new { order = 5 }));
        Assert.Equal(1, await clients.BroadcastAsync(new { news = "x" }, except: "ann"));
        Assert.Equal("""{"news":"x"}""", await bob.ReceiveTextAsync());
        Assert.Equal(1, await clients.DisconnectAsync("ann"));
        await ann.ExpectCloseAsync(4010);
        Assert.Equal("""{"type":"system","message":"ann left"}""", await bob.ReceiveTextAsync());
    }

    [Theory]
    [InlineData("ann", true)]
    [InlineData("ann:phone", true)]
    [InlineData("annie", false)]
    [InlineData("bob", false)]
    public async Task A_user_has_names_of_its_own_alone(string client, bool allowed)
    {
        await using var app = await EndpointApp.StartAsync(host, app => app.MapClients(), HeaderAuthentication.Add);
        await using var ws = await app.ConnectAsync($"/ws/clients/{client}", new() { ["X-User"] = "ann" });
        if (!allowed)
        {
            await ws.ExpectCloseAsync(4003);
            return;
        }

        await ws.SendTextAsync("""{"type":"broadcast","message":1}""");
        Assert.Equal($$"""{"from":"{{client}}","message":1}""", await ws.ReceiveTextAsync());
    }

    /// <summary>One peer that comes and goes under ever new names: each leaving went to everybody.</summary>
    [Fact]
    public async Task Coming_and_going_at_any_rate_is_told_at_a_bounded_one()
    {
        const int Names = 200;
        var time = new ManualTime();
        await using var app = await EndpointApp.StartAsync(host, app => app.MapClients(), builder => builder.Services.AddSingleton<TimeProvider>(time));
        var clients = app.App.Services.GetRequiredService<ITidings>().Clients;
        await using var watch = await app.ConnectAsync("/ws/clients/watch");
        for (var i = 0; i < Names; i++)
        {
            await using var passing = await app.ConnectAsync($"/ws/clients/c{i}");
            await passing.CloseAsync();
            await passing.ExpectCloseAsync(1000);
        }

        using var limit = new CancellationTokenSource(EndpointApp.Limit);
        while (clients.Count > 1)
        {
            await Task.Delay(5, limit.Token);
        }

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal($$"""{"type":"system","message":"c{{i}} left"}""", await watch.ReceiveTextAsync());
        }

        time.Advance(TimeSpan.FromMilliseconds(500));
        var listed = string.Join(", ", Enumerable.Range(10, 20).Select(static i => $"c{i}"));
        Assert.StartsWith($$"""{"type":"system","message":"{{listed}} and """, await watch.ReceiveTextAsync(), StringComparison.Ordinal);
        await watch.SendTextAsync("""{"type":"broadcast","message":"still here"}""");
        Assert.Equal("""{"from":"watch","message":"still here"}""", await watch.ReceiveTextAsync());
    }

    private Task<EndpointApp> StartAsync(Action<TidingsOptions>? configure = null) =>
        EndpointApp.StartAsync(host, app => app.MapClients(), builder => builder.Services.AddTidings(configure));
}
