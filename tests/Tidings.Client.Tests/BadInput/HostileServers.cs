using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.Client.Tests.World;

namespace Tidings.Client.Tests.BadInput;

/// <summary>Servers, or what stands before them, that mean no good: the client is bounded, comes back or stays away, and never breaks.</summary>
public abstract class HostileServers
{
    /// <summary>Where bad frames can come from; polls have their own form.</summary>
    public static TheoryData<ClientTransport> Streams => [ClientTransport.WebSocket, ClientTransport.ServerSentEvents];

    private protected static async Task<ClientStateChange> EndAsync(TidingsClient client)
    {
        var ended = new TaskCompletionSource<ClientStateChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StateChanged += change =>
        {
            if (change.State is ClientState.Waiting or ClientState.Closed)
            {
                ended.TrySetResult(change);
            }
        };
        _ = client.ConnectAsync().ContinueWith(static done => done.Exception, TaskScheduler.Default);
        return await ended.Task.WaitAsync(Eventually.Limit);
    }

    private protected static TidingsClient Client(HostileServer server, ClientTransport transport, int most = 64 * 1024) =>
        new(server.Url, new TidingsClientOptions { Transports = [transport], MaxMessageBytes = most });
}

/// <summary>Messages that would fill the client's memory.</summary>
public sealed class B14_DeclaredLengths : HostileServers
{
    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_message_over_the_bound_ends_the_connection_for_good(ClientTransport transport)
    {
        var large = Encoding.ASCII.GetBytes($$"""{"type":"message","data":"{{new string('a', 100_000)}}"}""");
        await using var server = await HostileServer.SayingAsync(Encoding.ASCII.GetBytes(HostileServer.Connected), large);
        await using var client = Client(server, transport);
        var end = await EndAsync(client);
        Assert.Equal((ClientState.Closed, 1009), (end.State, (int)end.Reason!.Value.Code));
    }

    [Fact]
    public async Task What_a_newer_server_says_of_an_output_besides_is_passed_over()
    {
        await using var server = await HostileServer.StartAsync(static async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: {\"type\":\"pause\",\"offset\":0}\n\ndata: {}\n\ndata: {\"type\":\"output\",\"next\":2,\"offset\":0,\"text\":\"hi\"}\n\ndata: {\"type\":\"end\",\"offset\":2,\"status\":\"completed\"}\n\n");
        });
        await using var client = new TidingsClient(server.Url);
        List<string?> texts = [];
        await foreach (var part in client.WatchTask("a").OutputAsync())
        {
            texts.Add(part.Text);
        }

        Assert.Equal(["hi"], texts);
    }

    [Fact]
    public async Task A_poll_that_never_ends_is_bounded()
    {
        await using var server = await HostileServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"position":"W10","messages":[""");
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 16 * 1024));
            }
        });
        await using var client = Client(server, ClientTransport.LongPolling);
        Assert.Equal(ClientState.Waiting, (await EndAsync(client)).State);
    }
}

/// <summary>Nesting that would overflow a stack.</summary>
public sealed class B16_Nesting : HostileServers
{
    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_hundred_thousand_levels_are_no_frame(ClientTransport transport)
    {
        var deep = Encoding.ASCII.GetBytes("""{"type":"message","data":""" + new string('[', 30_000));
        await using var server = await HostileServer.SayingAsync(Encoding.ASCII.GetBytes(HostileServer.Connected), deep);
        await using var client = Client(server, transport);
        Assert.Equal(ClientState.Waiting, (await EndAsync(client)).State);
    }
}

/// <summary>Frames whose fields are of the wrong type.</summary>
public sealed class B18_TypeConfusion : HostileServers
{
    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("not JSON")]
    [InlineData("\u00ff")]
    public async Task What_is_no_object_ends_the_connection_and_the_client_comes_back(string frame)
    {
        await using var server = await HostileServer.SayingAsync(Encoding.ASCII.GetBytes(HostileServer.Connected), Encoding.UTF8.GetBytes(frame));
        await using var client = Client(server, ClientTransport.WebSocket);
        Assert.Equal(ClientState.Waiting, (await EndAsync(client)).State);
    }

    [Fact]
    public async Task Fields_of_the_wrong_type_are_passed_over()
    {
        string[] frames =
        [
            "{}", """{"type":5}""", """{"type":"message"}""", """{"type":"message","channel":"chat:a"}""", """{"type":"message","channel":["chat:a"]}""",
            """{"type":"message","channel":"chat:a","offset":"7","data":1}""", """{"type":"message","channel":"chat:a","offset":-1,"time":1e400,"data":1}""",
            """{"type":"message","channel":"chat:a","offset":9007199254740992,"from":5,"key":{},"time":9007199254740991,"data":1}""",
            """{"type":"gap","channel":"chat:a"}""", """{"type":"gap","channel":"chat:a","epoch":"","offset":1}""", """{"type":"gap","channel":"chat:a","epoch":5,"offset":{}}""",
            """{"type":"join","channel":"chat:a","member":7}""", """{"type":"leave","channel":"chat:a","member":{"user":1}}""", """{"type":"direct"}""",
            """{"type":"published","id":99999}""", """{"type":"subscribed","id":"x"}""", """{"type":"token_expiring","in":"soon"}""",
            """{"type":"unsubscribed","channel":"chat:b","code":7}""", """{"type":"\ud800","channel":"\ud800"}""", """{"type":"disconnecting","after":-1,"reconnect":"no"}""",
        ];
        var server = new ScriptedServer();
        await using var client = server.Client();
        var room = client.Subscribe("chat:a");
        var transport = await server.ConnectAsync();
        await transport.SentAsync(1);
        await transport.SayAsync($$"""{"type":"subscribed","id":{{transport.Id(0)}},"channel":"chat:a","epoch":"e","offset":0}""");
        foreach (var frame in frames)
        {
            await transport.SayAsync(frame);
        }

        Assert.Equal(ClientState.Connected, client.State);
        Assert.Equal(0, room.Position!.Value.Offset);
        await room.DisposeAsync();
    }

    [Fact]
    public async Task Answers_without_what_they_must_have_fail_their_call_alone()
    {
        var server = new ScriptedServer();
        await using var client = server.Client();
        var call = client.HistoryAsync("chat:a");
        var transport = await server.ConnectAsync();
        await transport.SentAsync(1);
        await transport.SayAsync($$"""{"type":"history","id":{{transport.Id(0)}},"messages":[null,5,{"offset":"x"}]}""");
        await Assert.ThrowsAsync<TidingsException>(() => call);
        Assert.Equal(ClientState.Connected, client.State);
    }
}

/// <summary>Tokens go to the server alone, and into no address and no log.</summary>
public sealed class B24_TokenLeaks : HostileServers
{
    private const string Canary = "canary-5f1de0a1b2c3";

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task A_redirect_to_somebody_else_is_not_followed(ClientTransport transport)
    {
        await using var thief = await HostileServer.StartAsync(static _ => Task.CompletedTask);
        var bearers = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using var server = await HostileServer.StartAsync(context =>
        {
            bearers.Add(context.Request.Headers.Authorization.ToString());
            context.Response.Redirect(thief.Url.ToString());
            return Task.CompletedTask;
        });
        using var log = new LogCollector();
        await using var client = new TidingsClient(server.Url, new TidingsClientOptions
        {
            Transports = [transport],
            Token = static _ => ValueTask.FromResult<string?>(Canary),
            LoggerFactory = LoggerFactory.Create(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace)),
        });
        Assert.Equal(ClientState.Waiting, (await EndAsync(client)).State);
        Assert.Empty(thief.Requests);
        Assert.All(bearers, static bearer => Assert.Equal("Bearer " + Canary, bearer));
        Assert.DoesNotContain(server.Requests, static request => request.Contains(Canary, StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, static line => line.Contains(Canary, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_that_could_break_out_of_its_header_is_not_sent()
    {
        await using var server = await HostileServer.StartAsync(static _ => Task.CompletedTask);
        await using var client = new TidingsClient(server.Url, new TidingsClientOptions { Token = static _ => ValueTask.FromResult<string?>("a\r\nX-Evil: 1") });
        Assert.Equal(ClientState.Waiting, (await EndAsync(client)).State);
        Assert.Empty(server.Requests);
    }
}

/// <summary>What would break out of an event of a stream.</summary>
public sealed class B31_EventInjection
{
    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    public async Task Line_breaks_and_their_like_come_out_as_they_went_in(ClientTransport transport)
    {
        await using var world = await EndToEnd.ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport] });
        string[] texts = ["a\nb", "a\rb", "a\r\n\r\ndata: b", "\0", "\u2028\u2029", "\uFEFF", "id: 5\nevent: x\n\n", "中文 🎉", ":", ""];
        await using var room = client.Subscribe("chat:lobby");
        var reader = new EndToEnd.Reader(room);
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        foreach (var text in texts)
        {
            await client.PublishAsync("chat:lobby", text);
        }

        await Eventually.EqualAsync(texts.Length, () => reader.Told.OfType<ChannelMessage>().Count(), "Messages");
        Assert.Equal(texts, reader.Told.OfType<ChannelMessage>().Select(static message => message.Read<string>()));
    }
}
