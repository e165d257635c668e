using System.Globalization;
using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A handshake is answered with the same status, whether the lane answers it or the web server's pipeline.</summary>
public sealed class ExpressAndPipelineTests
{
    private static readonly string[] Hosts =
    [
        "localhost", "LOCALHOST", "localhost:80", "localhost:8000", "localhost:0", "localhost:65535", "localhost:65536", "localhost:99999", "localhost:100000", "localhost:-1",
        "localhost:", "localhost:a", "localhost:80a", "localhost:8 0", "localhost:80:80", "localhost::80", "localhost.", "localhost..", ".", "..", "-", "_", "a_b", "a-b.c", "a..b",
        ":", ":80", "::1", "::", "1:2:3", "127.0.0.1", "127.0.0.1:80", "127.1", "1.2.3.4.5", "999.999.999.999", "0x7f.1", "[::1]", "[::1]:80", "[::1]:", "[::1]:a", "[::1]:65536", "[::1]80", "[::1",
        "::1]", "[]", "[]:80", "[:]", "[.]", "[::1]]", "[[::1]]", "[::1].a", "[1]", "[gg::1]", "[::ffff:127.0.0.1]", "[::1%25lo]", "[fe80::1%lo]", "[v1.a]", "user@localhost", "user:password@localhost",
        "user@localhost:80", "@localhost", "@", "localhost@", "a/b", "a\\b", "a?b", "a#b", "http://localhost", "a b", "a,b", "a;b", "a%41", "%", "a%zz", "a\"b", "a<b>", "a|b", "a^b", "a`b", "a{b}", "a+b", "a=b", "a&b", "a*b",
        "*", "a!b", "a$b", "a'b", "a(b)", "a~b", "xn--pp-xia.example", "a\u00e9", "a\tb", "",
    ];

    /// <summary>The request line and the headers that are changed or added.</summary>
    private static readonly (string Line, (string Name, string? Value)[] Headers)[] Others =
    [
        .. Hosts.Select(static host => ("GET /ws/lobby HTTP/1.1", new (string, string?)[] { ("Host", host) })),
        ("GET /ws/lobby HTTP/1.1", [("Host", null)]),
        ("GET /ws/lobby HTTP/1.1", [("host", "localhost")]),
        ("GET http://localhost/ws/lobby HTTP/1.1", []),
        ("GET http://user@localhost/ws/lobby HTTP/1.1", []),
        ("GET http://other/ws/lobby HTTP/1.1", []),
        ("GET //localhost/ws/lobby HTTP/1.1", []),
        ("GET /ws/lobby HTTP/1.0", []),
        ("GET /ws/lobby HTTP/1.2", []),
        ("GET /ws/lobby HTTP/2.0", []),
        ("GET /ws/lobby", []),
        ("GET  /ws/lobby HTTP/1.1", []),
        ("GET /ws/lob by HTTP/1.1", []),
        ("get /ws/lobby HTTP/1.1", []),
        ("POST /ws/lobby HTTP/1.1", []),
        ("HEAD /ws/lobby HTTP/1.1", []),
        ("OPTIONS * HTTP/1.1", []),
        ("GET /ws/lobby# HTTP/1.1", []),
        ("GET /ws/lobby?a=%zz HTTP/1.1", []),
        ("GET /ws/lobby?a=\"<>\\^`{|} HTTP/1.1", []),
        ("GET /ws/lobby? HTTP/1.1", []),
        ("GET /ws/lobby/ HTTP/1.1", []),
        ("GET /ws/lobby/x HTTP/1.1", []),
        ("GET /ws//lobby HTTP/1.1", []),
        ("GET /ws/../ws/lobby HTTP/1.1", []),
        ("GET /ws/./lobby HTTP/1.1", []),
        ("GET /ws/%6Cobby HTTP/1.1", []),
        ("GET /ws/%2e%2e HTTP/1.1", []),
        ("GET /ws/%00 HTTP/1.1", []),
        ("GET /ws/-._:@ HTTP/1.1", []),
        ("GET /ws/LOBBY HTTP/1.1", []),
        ("GET /WS/lobby HTTP/1.1", []),
        ("GET /ws/clients HTTP/1.1", []),
        ("GET /ws/clients/ann HTTP/1.1", []),
        ("GET /ws/echo HTTP/1.1", []),
        ("GET /ws HTTP/1.1", []),
        ("GET /connect HTTP/1.1", []),
        ("GET /connect?token=a.b.c HTTP/1.1", []),
        ("GET /connect?channel=a HTTP/1.1", []),
        ("GET /ws/lobby HTTP/1.1", [("Upgrade", "WebSocket")]),
        ("GET /ws/lobby HTTP/1.1", [("Upgrade", "websocket, h2c")]),
        ("GET /ws/lobby HTTP/1.1", [("Upgrade", null)]),
        ("GET /ws/lobby HTTP/1.1", [("Connection", "upgrade")]),
        ("GET /ws/lobby HTTP/1.1", [("Connection", "keep-alive")]),
        ("GET /ws/lobby HTTP/1.1", [("Connection", "close, Upgrade")]),
        ("GET /ws/lobby HTTP/1.1", [("Connection", null)]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Version", "12")]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Version", null)]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Key", "short")]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Key", null)]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Extensions", ";")]),
        ("GET /ws/lobby HTTP/1.1", [("Sec-WebSocket-Protocol", "tidings.v1")]),
        ("GET /ws/lobby HTTP/1.1", [("Origin", "https://elsewhere.example")]),
        ("GET /ws/lobby HTTP/1.1", [("Origin", "null")]),
        ("GET /ws/lobby HTTP/1.1", [("Origin", "")]),
        ("GET /ws/lobby HTTP/1.1", [("Origin", "http://localhost")]),
        ("GET /ws/lobby HTTP/1.1", [("Content-Length", "0")]),
        ("GET /ws/lobby HTTP/1.1", [("Transfer-Encoding", "chunked")]),
        ("GET /ws/lobby HTTP/1.1", [("Expect", "100-continue")]),
        ("GET /ws/lobby HTTP/1.1", [("A B", "c")]),
        ("GET /ws/lobby HTTP/1.1", [("A\u00e9", "c")]),
        ("GET /ws/lobby HTTP/1.1", [("Accept", "a\u0001b")]),
        ("GET /ws/lobby HTTP/1.1", [("Cookie", "a=b")]),
    ];

    [Fact]
    public void The_table_is_long_enough() => Assert.True(Others.Length >= 79 && Hosts.Distinct().Count() == Hosts.Length);

    [Theory]
    [InlineData(null)]
    [InlineData("localhost;*.example;[::1]")]
    [InlineData("push.example.com")]
    public async Task Both_answer_every_request_with_the_same_status(string? allowedHosts)
    {
        (string, string)[] settings = [("Tidings:AllowedOrigins:0", "https://app.example"), .. allowedHosts is null ? [] : new[] { ("AllowedHosts", allowedHosts) }];
        await using var express = await TestServer.StartAsync(Pump.Lanes, settings: settings);
        await using var pipeline = await TestServer.StartAsync(Pump.Lanes, settings: [.. settings, ("Tidings:RequestLog", "true")]);
        List<string> differences = [];
        foreach (var (line, headers) in Others)
        {
            var head = RawHead.Upgrade("/", headers);
            var request = RawHead.Bytes(line + head[head.IndexOf("\r\n", StringComparison.Ordinal)..]);
            var (ours, theirs) = (await StatusAsync(express, request), await StatusAsync(pipeline, request));
            if (ours != theirs)
            {
                differences.Add($"{line} {string.Join(", ", headers)}: {ours} by express, {theirs} by the pipeline");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    // 0 where the connection ends without an answer.
    private static async Task<int> StatusAsync(TestServer server, byte[] request)
    {
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(request);
        while (tcp.Buffered.Length < "HTTP/1.1 200".Length)
        {
            if (!await tcp.FillAsync())
            {
                return 0;
            }
        }

        return int.Parse(tcp.Buffered["HTTP/1.1 ".Length.."HTTP/1.1 200".Length], CultureInfo.InvariantCulture);
    }
}
