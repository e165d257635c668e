using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class RateRules(string pump) : ServerTests(pump)
{
    private const string Refused = """{"error":"Rate limit exceeded"}""";

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Ten_messages_at_once_and_ten_a_second_are_the_tutorials_numbers()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws");
        await ExpectAllowedAsync(socket, 10);
        await ExpectRefusedAsync(socket, 3);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await ExpectAllowedAsync(socket, 1);
        await ExpectRefusedAsync(socket, 1);
        _time.Advance(TimeSpan.FromMilliseconds(450));
        await ExpectAllowedAsync(socket, 4);
        await ExpectRefusedAsync(socket, 1);
        _time.Advance(TimeSpan.FromSeconds(20));
        await ExpectAllowedAsync(socket, 10);
        await ExpectRefusedAsync(socket, 1);
    }

    [Fact]
    public async Task The_demo_has_the_tutorials_rate_where_no_preset_is_named()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", null));
        await using var socket = await server.ConnectSettledAsync("/ws");
        await ExpectAllowedAsync(socket, 10);
        await ExpectRefusedAsync(socket, 1);
    }

    [Fact]
    public async Task In_a_room_nobody_hears_what_was_refused()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecond", "5"), ("Tidings:Limits:MessageBurst", "5"));
        await using var speaker = await server.ConnectSettledAsync("/ws/lobby");
        await using var other = await server.ConnectSettledAsync("/ws/lobby");
        for (var i = 1; i <= 7; i++)
        {
            await speaker.SendTextAsync($"{i}");
        }

        for (var i = 1; i <= 5; i++)
        {
            await other.ExpectTextAsync($"[lobby] {i}");
        }

        var heard = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            heard.Add(await speaker.ReceiveTextAsync());
        }

        Assert.Equal(2, heard.Count(text => text == Refused));
        await other.SendTextAsync("mine is a bucket of its own");
        await other.ExpectTextAsync("[lobby] mine is a bucket of its own");
    }

    [Fact]
    public async Task Who_goes_on_past_100_refusals_in_a_row_is_closed_with_1008()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws");
        await ExpectAllowedAsync(socket, 10);
        await ExpectRefusedAsync(socket, 100);
        await socket.SendTextAsync("one more");
        await socket.ExpectCloseInTheEndAsync(1008, "Rate limit exceeded");
    }

    [Fact]
    public async Task One_message_that_is_allowed_begins_the_count_anew()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws");
        await ExpectAllowedAsync(socket, 10);
        for (var i = 0; i < 3; i++)
        {
            await ExpectRefusedAsync(socket, 99);
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await ExpectAllowedAsync(socket, 1);
        }
    }

    [Fact]
    public async Task Messages_over_the_soft_limit_count_too()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws");
        for (var i = 0; i < 10; i++)
        {
            await socket.SendTextAsync(new string('x', 10_241));
            await socket.ExpectTextAsync("""{"error":"Message too large"}""");
        }

        await ExpectRefusedAsync(socket, 1);
    }

    [Fact]
    public async Task Control_messages_cost_nothing_of_it()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws");
        for (var i = 0; i < 20; i++)
        {
            await socket.SendTextAsync("""{"type":"ping"}""");
            await socket.ExpectTextAsync("""{"type":"pong"}""");
        }

        await ExpectAllowedAsync(socket, 10);
    }

    [Fact]
    public async Task The_server_api_never_counts_against_it()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "small"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        for (var i = 0; i < 30; i++)
        {
            using var response = await server.Http.PostAsync("/broadcast", Json.Content($$"""{"content":"{{i}}","room":"lobby"}"""));
            response.EnsureSuccessStatusCode();
            await socket.ExpectTextAsync($"[lobby] {i}");
        }
    }

    private static async Task ExpectAllowedAsync(RawWebSocket socket, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await socket.SendTextAsync($"{i}");
            await socket.ExpectTextAsync($"Echo: {i}");
        }
    }

    private static async Task ExpectRefusedAsync(RawWebSocket socket, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await socket.SendTextAsync("too much");
            await socket.ExpectTextAsync(Refused);
        }
    }
}
