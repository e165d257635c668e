using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Diagnostics;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Server.Logs;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>What others say does not leave its line in the log, and tokens do not get there at all.</summary>
public sealed class B42_LogInjection
{
    private const string Canary = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl";

    [Theory]
    [InlineData("\n{\"level\":\"info\"}", "\\n{\"level\":\"info\"}")]
    [InlineData("a\r\nb\tc", "a\\r\\nb\\tc")]
    [InlineData("\u001b[2J\u001b]0;x\u0007", "\\u001b[2J\\u001b]0;x\\u0007")]
    [InlineData("\u0085\u2028\u2029\u009b", "\\u0085\\u2028\\u2029\\u009b")]
    [InlineData("\u202eevil\u2066\u200f\u061c\ufeff", "\\u202eevil\\u2066\\u200f\\u061c\\ufeff")]
    [InlineData("<b> 中文 👋", "<b> 中文 👋")]
    public void What_could_leave_the_line_is_escaped(string text, string line) => Assert.Equal(line, LogText.Clean(text, 1000));

    [Theory]
    [InlineData('x')]
    [InlineData('\n')]
    [InlineData('中')]
    public void A_megabyte_is_one_line_of_at_most_4_KB(char what)
    {
        using var output = new StringWriter();
        new LineFormatter(TimeProvider.System).Write(
            new LogEntry<string>(LogLevel.Warning, "Tidings.Category", 7, new string(what, 1_000_000), new InvalidOperationException("a\nb"), static (text, _) => text), null, output);
        var line = output.ToString();
        Assert.InRange(Encoding.UTF8.GetByteCount(line), 3_900, LineFormatter.LongestLine);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("?", "")]
    [InlineData("?token=" + Canary, "?token=…")]
    [InlineData("?ping=frame&ticket=abc&channel=chat:a", "?ping=frame&ticket=…&channel=chat:a")]
    [InlineData("?Token=" + Canary, "?…")]
    [InlineData("?access_token=" + Canary, "?…")]
    [InlineData("?" + Canary, "?…")]
    [InlineData("?channel=" + Canary + Canary, "?channel=…")]
    [InlineData("?%74oken=" + Canary, "?…")]
    [InlineData("?a&b=c&since=x", "?…&…&since=…")]
    public void A_query_string_shows_what_is_known_to_be_no_token(string query, string shown) => Assert.Equal(shown, QueryText.Redact(new QueryString(query)));

    [Fact]
    public async Task Requests_of_attackers_are_lines_like_others()
    {
        await using var program = ServerProcess.Start("serve --request-log --limits none --urls http://127.0.0.1:0", ("Tidings__Jwt__Secret", "a secret of the tests, 32 bytes or more"));
        var port = (await program.ListeningAsync()).Port;
        await using var control = await ControlPair.StartAsync(port);
        foreach (var (path, agent) in new[]
        {
            ("/ws/lobby?token=" + Canary, "one"),
            ("/nothing?tokken=" + Canary + "%0a{\"level\":\"info\"}", "two"),
            ("/%0d%0a%1b[2J%E2%80%AE", "three\u001b[31m"),
            ("/x", "four" + new string('A', 20_000)),
            ("/" + new string('y', 5_000), "five"),
        })
        {
            await using var tcp = await RawTcp.ConnectAsync(port);
            await tcp.SendAsync(RawHandshake.Request(path, port, RawHandshake.NewKey(), [("User-Agent", agent), ("Authorization", "Bearer " + Canary), ("Cookie", "session_id=" + Canary)]));
            await tcp.ReadResponseAsync();
        }

        await using (var tcp = await RawTcp.ConnectAsync(port))
        {
            // Kestrel takes 32 KB of headers.
            await tcp.SendAsync($"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: {new string('B', 1_000_000)}\r\n\r\n");
            Assert.Equal(431, (await tcp.ReadResponseAsync()).Status);
        }

        await Eventually.TrueAsync(() => program.Output.Contains("\"five\"", StringComparison.Ordinal), "the last request is logged: " + program.Output);
        await control.ExpectUnharmedAsync();
        var lines = program.Output.Split(Environment.NewLine);
        Assert.DoesNotContain("c2lnbmF0dXJl", program.Output, StringComparison.Ordinal);
        Assert.All(lines, static line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, LineFormatter.LongestLine));
        Assert.DoesNotContain(program.Output, static c => char.IsControl(c) && c is not ('\r' or '\n'));
        foreach (var agent in new[] { "one", "two", "four", "five" })
        {
            Assert.Matches(@"^\S+Z info Tidings\.Server\.Logs\.RequestLog\[620\] 127\.0\.0\.1 GET /", Assert.Single(lines, line => line.Contains('"' + agent, StringComparison.Ordinal)));
        }
    }
}
