using System.Text.Json.Nodes;
using Tidings.Client.Tests.World;
using Tidings.Protocol;
using Tidings.Testing;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>What becomes of commands while the client is away, and of answers that don't come.</summary>
public sealed class OutgoingTests
{
    private readonly ManualTime _time = new();
    private readonly ScriptedServer _server;

    public OutgoingTests() => _server = new ScriptedServer(_time);

    [Fact]
    public async Task Messages_of_the_time_away_go_out_in_order()
    {
        await using var client = _server.Client();
        var calls = Enumerable.Range(0, 50).Select(i => client.PublishAsync("chat:lobby", i)).ToList();
        var transport = await _server.ConnectAsync();
        for (var i = 0; i < 50; i++)
        {
            var sent = (await transport.SentAsync(1, i))[0];
            Assert.Equal(i, sent["data"]!.GetValue<int>());
            await AnswerAsync(transport, sent, i + 1);
        }

        Assert.Equal(Enumerable.Range(1, 50), (await Task.WhenAll(calls)).Select(position => (int)position!.Value.Offset));
    }

    [Fact]
    public async Task What_was_left_unanswered_is_sent_again_with_its_key_before_what_came_later()
    {
        await using var client = _server.Client();
        var first = client.PublishAsync("chat:lobby", "first");
        var transport = await _server.ConnectAsync();
        var key = (string?)(await transport.SentAsync(1))[0]["idempotencyKey"];
        transport.End(1006);
        var second = client.PublishAsync("chat:lobby", "second");
        transport = await _server.ConnectAsync();
        var sent = await transport.SentAsync(2);
        Assert.Equal(["first", "second"], sent.Select(command => (string?)command["data"]));
        Assert.Equal(key, (string?)sent[0]["idempotencyKey"]);
        await AnswerAsync(transport, sent[0], 1);
        await AnswerAsync(transport, sent[1], 2);
        Assert.Equal(1, (await first)!.Value.Offset);
        Assert.Equal(2, (await second)!.Value.Offset);
    }

    [Fact]
    public async Task What_the_server_may_have_forgotten_the_key_of_is_not_sent_again()
    {
        await using var client = _server.Client(new TidingsClientOptions { CommandTimeout = TimeSpan.FromHours(1) });
        var call = client.PublishAsync("chat:lobby", "first");
        var transport = await _server.ConnectAsync();
        await transport.SentAsync(1);
        transport.End(1006);
        transport = await _server.ConnectAsync();
        await transport.SentAsync(1);
        for (var i = 0; i < 240; i++)
        {
            await Eventually.TrueAsync(() => _time.ArmedTimers > 0, "The client watches");
            await transport.SayAsync("""{"type":"ping"}""");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        transport.End(1006);
        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<TidingsException>(() => call)).Code);
        Assert.Equal(0, (await _server.ConnectAsync()).Count());
    }

    [Fact]
    public async Task A_call_or_a_direct_message_that_was_sent_is_not_sent_twice()
    {
        await using var client = _server.Client();
        var call = client.CallJsonAsync("charge");
        var send = client.SendAsync("ann", 1);
        var transport = await _server.ConnectAsync();
        await transport.SentAsync(2);
        transport.End(1006);
        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<TidingsException>(() => call)).Code);
        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<TidingsException>(() => send)).Code);
        var next = await _server.ConnectAsync();
        await client.ConnectAsync();
        Assert.Equal(0, next.Count());
    }

    [Fact]
    public async Task What_is_said_in_passing_does_not_wait()
    {
        await using var client = _server.Client();
        var call = client.PublishAsync("chat:lobby", "typing", new PublishOptions { Ephemeral = true });
        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<TidingsException>(() => call)).Code);
    }

    [Fact]
    public async Task More_than_may_wait_fails_at_once()
    {
        await using var client = _server.Client(new TidingsClientOptions { OutgoingLimit = 2 });
        _ = client.PublishAsync("chat:lobby", 1);
        _ = client.PublishAsync("chat:lobby", 2);
        Assert.Equal(ErrorCode.TooMany, (await Assert.ThrowsAsync<TidingsException>(() => client.PublishAsync("chat:lobby", 3))).Code);
    }

    [Fact]
    public async Task More_bytes_than_may_wait_fail_at_once_but_one_command_always_may()
    {
        await using var client = _server.Client(new TidingsClientOptions { OutgoingBytes = 100 });
        _ = client.PublishAsync("chat:lobby", new string('a', 1000));
        Assert.Equal(ErrorCode.TooMany, (await Assert.ThrowsAsync<TidingsException>(() => client.PublishAsync("chat:lobby", 3))).Code);
    }

    [Fact]
    public async Task Who_stops_waiting_takes_his_message_back_unless_it_is_sent()
    {
        await using var client = _server.Client();
        using var stop = new CancellationTokenSource();
        var call = client.PublishAsync("chat:lobby", "never", cancellationToken: stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        var kept = client.PublishAsync("chat:lobby", "kept");
        var transport = await _server.ConnectAsync();
        Assert.Equal("kept", (string?)(await transport.SentAsync(1)).Single()["data"]);
        Assert.False(kept.IsCompleted);
    }

    [Fact]
    public async Task What_is_over_the_rate_is_sent_again_a_second_later()
    {
        await using var client = _server.Client();
        var call = client.PublishAsync("chat:lobby", "much");
        var transport = await _server.ConnectAsync();
        var sent = (await transport.SentAsync(1))[0];
        await transport.SayAsync($$"""{"type":"error","id":{{sent["id"]}},"code":"rate_limited","error":"Rate limit exceeded"}""");
        Assert.Equal(1, transport.Count());
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return transport.Count() == 2;
            },
            "It was sent again");
        var again = (await transport.SentAsync(1, 1))[0];
        Assert.True(JsonNode.DeepEquals(sent, again));
        await AnswerAsync(transport, again, 1);
        Assert.Equal(1, (await call)!.Value.Offset);
    }

    [Fact]
    public async Task A_command_without_an_answer_fails_in_time()
    {
        await using var client = _server.Client();
        var call = client.HistoryAsync("chat:lobby");
        var transport = await _server.ConnectAsync();
        await transport.SentAsync(1);
        for (var i = 0; i < 16 && !call.IsCompleted; i++)
        {
            await Eventually.TrueAsync(() => _time.ArmedTimers > 0 || call.IsCompleted, "The client watches");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(ErrorCode.Timeout, (await Assert.ThrowsAsync<TidingsException>(() => call)).Code);
    }

    [Fact]
    public async Task No_more_than_thirty_two_are_unanswered_at_a_time()
    {
        await using var client = _server.Client();
        var calls = Enumerable.Range(0, 100).Select(i => client.PublishAsync("chat:lobby", i)).ToList();
        var transport = await _server.ConnectAsync();
        var sent = await transport.SentAsync(32);
        Assert.Equal(32, sent.Count);
        for (var i = 0; i < 100; i++)
        {
            await AnswerAsync(transport, (await transport.SentAsync(1, i))[0], i + 1);
            Assert.InRange(transport.Count(), i + 1, i + 33);
        }

        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Each_answer_makes_room_for_one_more()
    {
        await using var client = _server.Client();
        var calls = Enumerable.Range(0, 40).Select(i => client.PublishAsync("chat:lobby", i)).ToList();
        var transport = await _server.ConnectAsync();
        for (var i = 0; i < 40; i++)
        {
            await transport.SentAsync(1, Math.Min(31 + i, 39));
            Assert.Equal(Math.Min(32 + i, 40), transport.Count());
            await AnswerAsync(transport, (await transport.SentAsync(1, i))[0], i + 1);
        }

        await Task.WhenAll(calls);
    }

    private static Task AnswerAsync(ScriptedTransport transport, JsonObject command, int offset) =>
        transport.SayAsync($$"""{"type":"published","id":{{command["id"]}},"channel":"chat:lobby","epoch":"e","offset":{{offset}}}""");
}
