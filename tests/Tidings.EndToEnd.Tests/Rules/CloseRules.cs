using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class CloseRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1007)]
    [InlineData(1011)]
    [InlineData(1014)]
    [InlineData(3000)]
    [InlineData(4999)]
    [InlineData(null)]
    public async Task A_close_is_answered_with_its_code_and_the_server_ends_the_connection(int? code)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendCloseAsync(code, code is null ? "" : "I am off");
        await socket.ExpectCloseAsync(code);
        await socket.ExpectEofAsync();
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task What_was_said_before_a_close_is_answered_first()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendTogetherAsync(RawFrame.OfText("last words"), RawFrame.Close(1000), RawFrame.OfText("not these"));
        await socket.ExpectTextAsync("Echo: last words");
        await socket.ExpectCloseAsync(1000);
        await socket.ExpectEndAsync();
    }

    [Fact]
    public async Task A_long_answer_is_whole_though_the_peer_has_closed_behind_its_question()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        var bytes = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(bytes);
        await socket.SendBinaryAsync(bytes);
        await socket.SendCloseAsync(1000);
        await socket.ExpectBinaryAsync(bytes);
        await socket.ExpectCloseAsync(1000);
        await socket.ExpectEofAsync();
    }

    [Fact]
    public async Task The_server_closes_and_waits_for_the_answer()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await socket.SendTextAsync("""{"type":"quit"}""");
        await socket.ExpectCloseAsync(1000, "Goodbye");
        await socket.SendTextAsync("ignored");
        await socket.SendPingAsync("ignored");
        await socket.SendCloseAsync(1000);
        await socket.ExpectEofAsync();
        await socket.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Both_close_at_once_and_each_sees_one_close_frame()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendTogetherAsync(RawFrame.OfText("""{"type":"quit"}"""), RawFrame.Close(1001));
        await socket.ExpectCloseAsync(1000, "Goodbye");
        await socket.ExpectEofAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Who_never_answers_a_close_is_cut_after_the_bound()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await socket.SendTextAsync("""{"type":"quit"}""");
        await socket.ExpectCloseAsync(1000, "Goodbye");
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, server.Registry.Count);
        _time.Advance(TimeSpan.FromSeconds(1.2));
        await socket.ExpectEndAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Who_has_closed_hears_nothing_more_of_the_room()
    {
        await using var server = await StartAsync(_time);
        await using var other = await server.ConnectSettledAsync("/ws/lobby");
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await socket.SendTextAsync("""{"type":"quit"}""");
        await socket.ExpectCloseAsync(1000, "Goodbye");
        Assert.Equal(1, server.Hub.CountMembers("room:lobby"));
        await server.PublishAsync("lobby", "later");
        await other.ExpectTextAsync("[lobby] later");
        await socket.SendCloseAsync(1000);
        await socket.ExpectEofAsync();
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("end without a close frame")]
    public async Task A_peer_that_vanishes_leaves_nothing_behind(string how)
    {
        await using var server = await StartAsync();
        foreach (var path in new[] { "/ws/lobby", "/ws", "/ws/echo" })
        {
            await using var socket = await server.ConnectSettledAsync(path);
            if (how == "reset")
            {
                socket.Tcp.Reset();
            }
            else
            {
                await socket.DisposeAsync();
            }
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_peer_that_half_closes_still_gets_its_answers()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        var bytes = new byte[2 * 1024 * 1024];
        new Random(2).NextBytes(bytes);
        await socket.SendBinaryAsync(bytes);
        await socket.SendTextAsync("the end");
        socket.Tcp.HalfClose();
        if (OutlivesHalfClose)
        {
            await socket.ExpectBinaryAsync(bytes);
            await socket.ExpectTextAsync("the end");
        }

        while (await socket.TryReceiveAsync() is not null)
        {
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_peer_that_closes_and_half_closes_ends_in_order()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendCloseAsync(1000);
        socket.Tcp.HalfClose();
        if (OutlivesHalfClose)
        {
            await socket.ExpectCloseAsync(1000);
            await socket.ExpectEofAsync();
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_peer_that_half_closes_and_does_not_read_is_cut_after_the_bound()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/echo", new RawOptions { ReceiveBuffer = 4096 });
        await socket.SendBinaryAsync(new byte[12 * 1024 * 1024]);
        socket.Tcp.HalfClose();
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(server.Registry.Count == 0);
            },
            () => "the connection is gone");
    }
}
