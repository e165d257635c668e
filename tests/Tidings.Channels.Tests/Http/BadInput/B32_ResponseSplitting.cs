using TestKit;

namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Line breaks in what comes back in a header or an error.</summary>
public sealed class B32_ResponseSplitting : HttpRules
{
    private const string Evil = "x%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a<html>";

    [Theory]
    [InlineData("GET /connect?since=" + Evil + " HTTP/1.1", "Accept: text/event-stream")]
    [InlineData("GET /connect?wait=0&channel=" + Evil + " HTTP/1.1", "X: y")]
    [InlineData("GET /connect?wait=" + Evil + " HTTP/1.1", "X: y")]
    [InlineData("GET /connect?wait=0 HTTP/1.1", "Origin: http://a.example%0d%0aSet-Cookie: evil=1")]
    [InlineData("GET /connect?wait=0 HTTP/1.1", "Origin: http://a.example\rSet-Cookie: evil=1")]
    [InlineData("GET /connect HTTP/1.1", "Last-Event-ID: a\rSet-Cookie: evil=1\r\nAccept: text/event-stream")]
    [InlineData("OPTIONS /connect HTTP/1.1", "Origin: http://a.example%0aSet-Cookie: evil=1\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x%0d%0aSet-Cookie: evil=1")]
    public async Task No_line_break_of_a_request_ends_a_line_of_the_answer(string line, string headers)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync($"{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n\r\n");
        var response = await tcp.ReadResponseAsync();
        Assert.InRange(response.Status, 200, 499);
        Assert.DoesNotContain(response.Headers, static header => header.Key.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("\r\nSet-Cookie", response.Body, StringComparison.OrdinalIgnoreCase);
        await control.ExpectUnharmedAsync();
    }
}
