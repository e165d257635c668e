using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class DrainRules(string pump) : ServerTests(pump)
{
    private const string Told = """{"type":"disconnecting","reason":"Draining","reconnect":true,"after":0}""";

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(20);

    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_says_so_takes_nobody_new_tells_and_closes_a_few_at_a_time()
    {
        const int Members = 40;
        await using var server = await StartAsync(_time, ("Tidings:Drain", "20s"));
        var sockets = await Task.WhenAll(Enumerable.Range(0, Members).Select(_ => server.ConnectAsync("/connect")));
        await Task.WhenAll(sockets.Select(static socket => socket.ReceiveTextAsync()));
        var stopping = server.StopAsync();

        // 1. It is not ready, and refuses.
        await ExpectRefusalsAsync(server);

        // 2. All are told, and nobody is closed yet.
        foreach (var socket in sockets)
        {
            await socket.ExpectTextAsync(Told);
        }

        Assert.Equal(Members, server.Hub.CountMembers("all"));

        // 3. Evenly: of any part of the time, that part of them.
        var sentAway = sockets.Select(ExpectSentAwayAsync).ToList();
        for (var part = 0.25; part < 1; part += 0.25)
        {
            _time.Advance(Span / 4);
            await SettleAsync(server);
            Assert.InRange(server.Hub.CountMembers("all"), (Members * (1 - part)) - 3, (Members * (1 - part)) + 3);
            await Eventually.EqualAsync(
                Members - server.Hub.CountMembers("all"), () => sentAway.Count(static one => one.IsCompletedSuccessfully), "The number of those who were told to go");
        }

        _time.Advance(Span / 4);
        await Task.WhenAll(sentAway);

        // 4. The process goes when the last has gone.
        await stopping.WaitAsync(Eventually.Limit);
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task What_was_published_before_a_connection_is_closed_reaches_it()
    {
        await using var server = await StartAsync(_time, ("Tidings:Drain", "20s"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        _ = server.StopAsync();
        await Eventually.TrueAsync(() => server.Registry.IsDraining, "it drains");
        await server.PublishAsync("lobby", "still here");
        await socket.ExpectTextAsync("[lobby] still here");
        await server.PublishAsync("lobby", "last words");
        _time.Advance(Span);
        await socket.ExpectTextAsync("[lobby] last words");
        await socket.ExpectCloseAsync(4100, "Draining");
    }

    [Fact]
    public async Task It_ends_as_soon_as_the_last_connection_has_gone()
    {
        await using var server = await StartAsync(_time, ("Tidings:Drain", "1h"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        var stopping = server.StopAsync();
        await Eventually.TrueAsync(() => server.Registry.IsDraining, "it drains");
        await socket.DisposeAsync();
        await stopping.WaitAsync(Eventually.Limit);
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_peer_that_neither_answers_nor_reads_holds_it_up_no_longer_than_the_bound()
    {
        await using var server = await StartAsync(_time, ("Tidings:Drain", "20s"));
        await using var mute = await server.ConnectSettledAsync("/ws/lobby");
        var stopping = server.StopAsync();
        await Eventually.TrueAsync(() => server.Registry.IsDraining, "it drains");
        await SettleAsync(server);
        _time.Advance(Span);
        await mute.ExpectCloseAsync(4100, "Draining");
        await mute.ExpectEndAfterAsync(_time);
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task A_stop_that_is_not_to_wait_closes_the_others_with_1001()
    {
        await using var server = await StartAsync(_time, ("Tidings:Drain", "1h"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        using var enough = new CancellationTokenSource();
        var stopping = server.StopAsync(enough.Token);
        await Eventually.TrueAsync(() => server.Registry.IsDraining, "it drains");
        await SettleAsync(server);
        await enough.CancelAsync();
        await socket.ExpectCloseAsync(1001, "Shutting down");
        await socket.DisposeAsync();
        await stopping.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task By_request_it_drains_and_the_process_goes_on()
    {
        await using var server = await StartAsync(_time, ("Tidings:Drain", "20s"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        Assert.Equal("""{"status":"draining","connections":1,"remaining":20000,"stops":false}""", await DrainAsync(server));
        await ExpectRefusalsAsync(server);
        await SettleAsync(server);

        // It reads meanwhile: its turn may come in either half, and who does not answer is cut off in the next.
        var sentAway = ExpectSentAwayAsync(socket);
        _time.Advance(Span / 2);
        await SettleAsync(server);
        Assert.Matches("""^\{"status":"draining","connections":[01],"remaining":(10000|0),"stops":false\}$""", await DrainAsync(server));
        _time.Advance(Span / 2);
        await sentAway;
        await server.ExpectIdleAsync();
        Assert.Equal("""{"status":"draining","connections":0,"remaining":0,"stops":false}""", await DrainAsync(server));
        using var published = await server.Http.PostAsync("/api/publish", new StringContent("""{"channel":"chat:a","data":1}""", null, "application/json"));
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        await server.StopAsync().WaitAsync(Eventually.Limit);
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Draining_needs_the_admin_key()
    {
        await using var server = await StartAsync(("Tidings:AdminKey", "the key of the admin"), ("Tidings:ApiKey", "the key of the API"));
        foreach (var (key, status) in new[] { (null, 401), ("the key of the API", 401), ("the key of the admin", 202) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/drain");
            request.Headers.Authorization = key is null ? null : new("Bearer", key);
            using var answer = await server.Http.SendAsync(request);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(status == 202, server.Registry.IsDraining);
        }
    }

    private static async Task ExpectSentAwayAsync(RawWebSocket socket)
    {
        await socket.ExpectCloseAsync(4100, "Draining");
        await socket.DisposeAsync();
    }

    private static async Task<string> DrainAsync(TestServer server)
    {
        using var answer = await server.Http.PostAsync("/api/drain", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task ExpectRefusalsAsync(TestServer server)
    {
        await Eventually.TrueAsync(() => server.Registry.IsDraining, "it drains");
        using var ready = await server.Http.GetAsync("/readyz");
        using var alive = await server.Http.GetAsync("/healthz");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (ready.StatusCode, alive.StatusCode));
        var handshake = await server.HandshakeAsync("/ws/lobby");
        Assert.Equal(503, handshake.Status);
        Assert.Matches("^[1-9][0-9]*$", handshake.Header("Retry-After"));
    }

    // By then each lane has done what it was asked before.
    private static async Task SettleAsync(TestServer server)
    {
        await server.Registry.ListAsync(CancellationToken.None);
        await server.Registry.ListAsync(CancellationToken.None);
    }
}
