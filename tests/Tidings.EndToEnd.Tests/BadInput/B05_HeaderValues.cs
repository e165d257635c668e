using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Header values that cost parsers more than their length, as CVE-2021-32640 and GHSA-5v72-xg48-5rpm.</summary>
public abstract class B05_HeaderValues(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData(1_000)]
    [InlineData(16_000)]
    [InlineData(30_000)]
    public async Task Spaces_in_the_list_of_protocols_cost_nothing(int spaces)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        var value = "b" + new string(' ', spaces) + "x";
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Protocol", value))));
        Assert.All(answers, answer => Assert.Equal(101, answer.Status));
        await control.ExpectUnharmedAsync();
    }

    [Theory]
    [InlineData("permessage-deflate", "; a=1", 4_000)]
    [InlineData("x", ", permessage-deflate", 1_000)]
    [InlineData("constructor", "; __proto__=1", 100)]
    [InlineData("__proto__", ", toString; valueOf", 100)]
    [InlineData("\"", "\\\"", 5_000)]
    [InlineData(";", ";", 20_000)]
    public async Task Extensions_that_are_malformed_or_too_many_are_refused(string first, string more, int count)
    {
        await using var server = await StartAsync();
        var response = await server.HandshakeAsync("/ws/lobby", ("Sec-WebSocket-Extensions", first + string.Concat(Enumerable.Repeat(more, count))));
        Assert.Equal(400, response.Status);
        server.ExpectNothingLogged();
    }
}
