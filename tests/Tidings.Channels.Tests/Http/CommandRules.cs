using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tidings.Brokers;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http;

public sealed class CommandRules : HttpRules
{
    [Fact]
    public async Task Each_command_is_answered_as_on_a_WebSocket()
    {
        await using var server = await StartAsync(("Tidings:Send", "users"));
        Assert.Equal("""{"type":"pong","id":"p"}""", await CommandAsync(server, """{"type":"ping","id":"p"}"""));
        Assert.StartsWith("""{"type":"published","id":1,"channel":"chat:a","epoch":""", await CommandAsync(server, """{"type":"publish","id":1,"channel":"chat:a","data":1}""", "ann"), StringComparison.Ordinal);
        Assert.Contains("\"data\":1,\"from\":\"ann\"", await CommandAsync(server, """{"type":"history","channel":"chat:a"}"""), StringComparison.Ordinal);
        Assert.Equal("""{"type":"sent"}""", await CommandAsync(server, """{"type":"send","to":"nobody","data":1}""", "ann"));
        Assert.Equal("""{"type":"error","code":"not_allowed","error":"Not allowed"}""", await CommandAsync(server, """{"type":"send","to":"nobody","data":1}"""));
        Assert.Equal("""{"type":"presence","channel":"lobby:1","members":[],"count":0}""", await CommandAsync(server, """{"type":"presence","channel":"lobby:1"}"""));
        Assert.Equal("""{"type":"error","code":"not_allowed","error":"Not allowed"}""", await CommandAsync(server, """{"type":"call","method":"none"}"""));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task An_array_is_carried_out_in_order_and_answered_in_order()
    {
        await using var server = await StartAsync();
        var commands = Enumerable.Range(1, 100).Select(i => $$"""{"type":"publish","id":{{i}},"channel":"chat:a","data":{{i}}}""");
        var replies = JsonDocument.Parse(await CommandAsync(server, $"[{string.Join(" , ", commands)}]")).RootElement.EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(1, 100), replies.Select(reply => reply.GetProperty("id").GetInt32()));
        Assert.Equal(Enumerable.Range(1, 100), replies.Select(reply => reply.GetProperty("offset").GetInt32()));
        Assert.Equal("[]", await CommandAsync(server, "[]"));
    }

    [Fact]
    public async Task What_somebody_anonymous_posts_counts_against_the_address_it_comes_from()
    {
        await using var server = await StartAsync();
        foreach (var from in new[] { "127.0.0.1", "127.0.0.2", "127.0.0.1" })
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (context, cancellation) => ConnectFromAsync(from, context.DnsEndPoint, cancellation) });
            using var content = new StringContent("""{"type":"publish","channel":"chat:a","data":1}""", Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri(server.Url, "/connect"), content, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
        }

        var messages = (await server.Services.Node.Broker.ReadAsync("chat:a", new HistoryRequest(null, 3), TestContext.Current.CancellationToken)).Messages;
        Assert.NotSame(messages[0].Share, messages[1].Share);
        Assert.Same(messages[0].Share, messages[2].Share);
        await server.ExpectIdleAsync();
    }

    private static async ValueTask<Stream> ConnectFromAsync(string address, DnsEndPoint to, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        await socket.ConnectAsync(to.Host, to.Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    [Theory]
    [InlineData("""{"type":"subscribe","id":1,"channel":"chat:a"}""")]
    [InlineData("""{"type":"unsubscribe","id":1,"channel":"chat:a"}""")]
    [InlineData("""{"type":"auth","id":1,"token":"x"}""")]
    [InlineData("""{"type":"quit","id":1}""")]
    [InlineData("""{"type":"pong","id":1}""")]
    public async Task What_belongs_to_a_connection_is_refused(string command)
    {
        await using var server = await StartAsync();
        const string Refusal = """{"type":"error","id":1,"code":"bad_request","error":"Invalid message format","details":[{"field":"type","message":"needs a connection"}]}""";
        Assert.Equal(Refusal, await CommandAsync(server, command));
        Assert.Equal($$"""[{{Refusal}},{"type":"pong"}]""", await CommandAsync(server, $$"""[{{command}},{"type":"ping"}]"""));
    }

    [Fact]
    public async Task A_fault_is_the_reply_of_its_command_and_the_others_are_carried_out()
    {
        await using var server = await StartAsync();
        Assert.Equal(
            """[{"type":"error","id":7,"code":"bad_request","error":"Invalid message format","details":[{"field":"type","message":"is no command"}]},{"type":"error","code":"bad_request","error":"Invalid message format","details":[{"field":"","message":"must be an object"}]},{"type":"error","id":8,"code":"not_allowed","error":"Not allowed"},{"type":"pong","id":9}]""",
            await CommandAsync(server, """[{"type":"dance","id":7},null,{"type":"publish","id":8,"channel":"lobby:1","data":1},{"type":"ping","id":9}]"""));
    }

    [Theory]
    [InlineData("", 400, "bad_request")]
    [InlineData("{", 400, "bad_request")]
    [InlineData("{}{}", 400, "bad_request")]
    [InlineData("[{}", 400, "bad_request")]
    [InlineData("[{}]]", 400, "bad_request")]
    [InlineData("\uFEFF{}", 400, "bad_request")]
    public async Task What_is_no_JSON_is_a_problem(string body, int status, string code)
    {
        await using var server = await StartAsync();
        await ExpectProblemAsync(await PostAsync(server, body), status, code);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task So_is_a_body_of_another_type_too_large_or_of_too_many_commands()
    {
        await using var server = await StartAsync(("Tidings:Limits:HardMessageBytes", "20KB"), ("Tidings:Limits:MessageBytes", "10KB"));
        await ExpectProblemAsync(await PostAsync(server, "{}", type: "text/plain"), 400, "bad_request");
        await ExpectProblemAsync(await PostAsync(server, new string(' ', 21 * 1024)), 413, "too_large");
        await ExpectProblemAsync(await PostAsync(server, $"[{string.Join(',', Enumerable.Repeat("1", 101))}]"), 400, "bad_request");
        Assert.Equal(
            """{"type":"error","code":"too_large","error":"Message too large"}""",
            await CommandAsync(server, $$"""{"type":"publish","channel":"chat:a","data":"{{new string('x', 11 * 1024)}}"}"""));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Commands_are_as_deep_in_an_array_as_alone()
    {
        await using var server = await StartAsync();
        static string Nested(int levels) => $$"""{"type":"publish","channel":"chat:a","data":{{new string('[', levels - 1)}}{{new string(']', levels - 1)}}}""";
        Assert.Contains("published", await CommandAsync(server, Nested(64)), StringComparison.Ordinal);
        Assert.Contains("published", await CommandAsync(server, $"[{Nested(64)}]"), StringComparison.Ordinal);
        const string Refusal = """{"type":"error","code":"bad_request","error":"Invalid JSON format"}""";
        Assert.Equal(Refusal, await CommandAsync(server, Nested(65)));
        await ExpectProblemAsync(await PostAsync(server, $"[{Nested(65)}]"), 400, "bad_request");
        await ExpectProblemAsync(await PostAsync(server, new string('[', 100_000)), 400, "bad_request");
    }

    [Fact]
    public async Task A_repeat_with_the_same_key_is_the_first_message()
    {
        await using var server = await StartAsync();
        const string Command = """{"type":"publish","channel":"chat:a","data":1,"idempotencyKey":"once"}""";
        var first = await CommandAsync(server, Command, "ann");
        Assert.Equal(first, await CommandAsync(server, Command, "ann"));
        Assert.NotEqual(first, await CommandAsync(server, Command, "bob"));
    }

    [Fact]
    public async Task The_rate_is_the_senders_over_all_his_requests()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, ("Tidings:Limits:MessagesPerSecond", "10"), ("Tidings:Limits:MessageBurst", "10"));
        const string Command = """{"type":"publish","channel":"chat:a","data":1}""";
        for (var i = 0; i < 10; i++)
        {
            Assert.Contains("published", await CommandAsync(server, Command, "ann"), StringComparison.Ordinal);
        }

        const string Refusal = """{"type":"error","code":"rate_limited","error":"Rate limit exceeded","retryAfter":100}""";
        Assert.Equal(Refusal, await CommandAsync(server, Command, "ann"));
        Assert.Contains("published", await CommandAsync(server, Command, "bob"), StringComparison.Ordinal);
        Assert.Contains("published", await CommandAsync(server, Command), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMilliseconds(100));
        var replies = await CommandAsync(server, $"[{Command},{Command}]", "ann");
        Assert.EndsWith($",{Refusal}]", replies, StringComparison.Ordinal);
        Assert.Contains("published", replies, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_bounded_however_much_is_asked_for()
    {
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "100KB"));
        await SayAsync(server, "chat:a", Enumerable.Range(0, 50).Select(_ => $"\"{new string('x', 1000)}\""));
        var answer = await CommandAsync(server, $"[{string.Join(',', Enumerable.Repeat("""{"type":"history","id":1,"channel":"chat:a"}""", 100))}]");
        Assert.InRange(answer.Length, 100 * 1024, 200 * 1024);
        var replies = JsonDocument.Parse(answer).RootElement.EnumerateArray().ToList();
        Assert.Equal(100, replies.Count);
        Assert.Equal("""{"type":"error","id":1,"code":"too_large","error":"Answer too large"}""", replies[^1].GetRawText());
    }
}
