using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class ControlMessageRules(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""  { "type" : "ping" }  """)]
    [InlineData("\r\n{\n\t\"type\"\r\n:\t\"ping\"\n}\n")]
    [InlineData("""{"id":7,"type":"ping","more":[1,{"type":"quit"}]}""")]
    [InlineData("{\"\\u0074ype\":\"p\\u0069ng\"}")]
    public async Task A_ping_is_answered_pong_whatever_its_white_space(string ping)
    {
        await using var server = await StartAsync();
        foreach (var route in new[] { "/ws", "/ws/lobby" })
        {
            await using var socket = await server.ConnectAsync(route);
            await socket.SendTextAsync(ping);
            await socket.ExpectTextAsync("""{"type":"pong"}""");
        }
    }

    [Theory]
    [InlineData("""{"type":"pong"}""")]
    [InlineData("""{ "type" : "pong", "at": 12 }""")]
    public async Task A_pong_is_taken_in_silence(string pong)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendTextAsync(pong);
        await socket.SendTextAsync("next");
        await socket.ExpectTextAsync("[lobby] next");
    }

    [Theory]
    [InlineData("""{"type":"quit"}""")]
    [InlineData("\n { \"type\" : \"quit\" } ")]
    public async Task Quit_ends_with_1000_Goodbye(string quit)
    {
        await using var server = await StartAsync();
        foreach (var route in new[] { "/ws", "/ws/lobby" })
        {
            await using var socket = await server.ConnectAsync(route);
            await socket.SendTextAsync(quit);
            await socket.ExpectCloseAsync(1000, "Goodbye");
            await socket.SendCloseAsync();
            await socket.ExpectEofAsync();
        }

        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("\"ping\"")]
    [InlineData("""{"type":"Ping"}""")]
    [InlineData("""{"Type":"ping"}""")]
    [InlineData("""{"type":["ping"]}""")]
    [InlineData("""{"type":"ping "}""")]
    [InlineData("""{"type":"ping"} and more""")]
    [InlineData("""[{"type":"quit"}]""")]
    [InlineData("""{"message":{"type":"quit"}}""")]
    [InlineData("""{"type":"quit" """)]
    [InlineData("""{type:"quit"}""")]
    [InlineData("""{"type":"hello"}""")]
    [InlineData("""{"type":null}""")]
    [InlineData("{}")]
    public async Task What_only_looks_like_one_is_content(string text)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendTextAsync(text);
        await socket.ExpectTextAsync("Echo: " + text);
    }
}
