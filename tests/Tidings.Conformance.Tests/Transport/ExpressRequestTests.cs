using System.Text;
using Tidings.AspNetCore.Express;

namespace Tidings.Conformance.Tests.Transport;

public class ExpressRequestTests
{
    private const string Plain =
        "GET /ws/lobby?ping=frame HTTP/1.1\r\nHost: localhost:8000\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\nSec-Fetch-Mode:\twebsocket \r\n\r\n";

    [Fact]
    public void A_plain_handshake_is_read_as_it_is()
    {
        Assert.True(ExpressRequest.TryRead(Encoding.Latin1.GetBytes(Plain), out var request));
        Assert.Equal("/ws/lobby", request.Path);
        Assert.Equal("?ping=frame", request.QueryString);
        Assert.Equal("localhost:8000", request.Headers.Host);
        Assert.Equal("13", request.Headers.SecWebSocketVersion);
        Assert.Equal("websocket", request.Headers["Sec-Fetch-Mode"]);
        Assert.Equal(6, request.Headers.Count);
    }

    // What a web server has to interpret, or middleware may make something of, is theirs.
    [Theory]
    [InlineData("/ws/lobby", "/ws/l%6Fbby")]
    [InlineData("/ws/lobby", "/ws/../ws/lobby")]
    [InlineData("/ws/lobby", "/ws/.lobby")]
    [InlineData("/ws/lobby", "/ws//lobby")]
    [InlineData("/ws/lobby", "/ws/lobby/")]
    [InlineData("/ws/lobby", "/ws/l\u00f6bby")]
    [InlineData("/ws/lobby", "/ws/lob by")]
    [InlineData("/ws/lobby", "http://localhost/ws/lobby")]
    [InlineData("?ping=frame", "?a#b")]
    [InlineData("?ping=frame", "?a\u00e9")]
    [InlineData("GET ", "get ")]
    [InlineData("HTTP/1.1", "HTTP/1.0")]
    [InlineData("Host: localhost:8000", "Host: ")]
    [InlineData("Host: localhost:8000", "Host: a/b")]
    [InlineData("Host: localhost:8000", "X-Host: localhost")]
    [InlineData("Host: localhost:8000\r\n", "Host: a\r\nhost: a\r\n")]
    [InlineData("Upgrade: websocket\r\n", "Upgrade: websocket\r\nUpgrade: websocket\r\n")]
    [InlineData("Connection: keep-alive, Upgrade\r\n", "")]
    [InlineData("keep-alive, Upgrade", "close")]
    [InlineData("keep-alive, Upgrade", "Upgrade, Sec-WebSocket-Key")]
    [InlineData("Sec-Fetch-Mode:", "Sec-Fetch-Mode :")]
    [InlineData("Sec-Fetch-Mode:", " folded:")]
    [InlineData("Sec-Fetch-Mode:\twebsocket", "Sec-Fetch-Mode: a\u0001b")]
    [InlineData("Sec-Fetch-Mode:\twebsocket", "Sec-Fetch-Mode: \u00e9")]
    [InlineData("Sec-Fetch-Mode:\twebsocket", "Sec-Fetch-Mode: a\nb")]
    [InlineData("Sec-Fetch-Mode:\twebsocket", "nothing")]
    [InlineData("Sec-Fetch-Mode", "Cookie")]
    [InlineData("Sec-Fetch-Mode", "authorization")]
    [InlineData("Sec-Fetch-Mode", "Forwarded")]
    [InlineData("Sec-Fetch-Mode", "via")]
    [InlineData("Sec-Fetch-Mode", "Expect")]
    [InlineData("Sec-Fetch-Mode", "x-forwarded-for")]
    public void Anything_else_is_left_to_the_web_server(string plain, string other)
    {
        Assert.Contains(plain, Plain, StringComparison.Ordinal);
        Assert.False(ExpressRequest.TryRead(Encoding.Latin1.GetBytes(Plain.Replace(plain, other, StringComparison.Ordinal)), out _));
    }

    [Fact]
    public void No_part_of_a_head_is_a_handshake()
    {
        var head = Encoding.Latin1.GetBytes(Plain);
        for (var length = 0; length < head.Length; length++)
        {
            Assert.False(ExpressRequest.TryRead(head.AsSpan(0, length), out _), $"{length} of {head.Length} bytes");
        }
    }

    [Fact]
    public void Forty_headers_are_taken_and_one_more_is_not()
    {
        var more = string.Concat(Enumerable.Range(0, 34).Select(i => $"A{i}: b\r\n"));
        Assert.True(ExpressRequest.TryRead(Encoding.Latin1.GetBytes(Plain[..^2] + more + "\r\n"), out _));
        Assert.False(ExpressRequest.TryRead(Encoding.Latin1.GetBytes(Plain[..^2] + more + "One-More: b\r\n\r\n"), out _));
    }
}
