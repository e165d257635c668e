using System.Globalization;
using System.Text;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>A second request hidden in the body of a first one, as CVE-2025-55315: it never happens, wherever the first one's end is hidden.</summary>
public abstract class B07_Smuggling(string pump) : ServerTests(pump)
{
    private const string Key = "0123456789abcdef-key";

    public static TheoryData<string, string> Attacks
    {
        get
        {
            var attacks = new TheoryData<string, string>();
            foreach (var path in new[] { "/broadcast", "/api/publish" })
            {
                foreach (var attack in new[]
                {
                    "chunk extension ended by LF", "chunk size ended by LF", "chunk extension with CR alone", "length and chunks", "chunks and length, other case",
                    "two lengths", "folded header", "folded transfer encoding", "space before colon", "unknown transfer coding", "chunked twice", "negative chunk", "huge chunk", "hex prefix",
                })
                {
                    attacks.Add(path, attack);
                }
            }

            return attacks;
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task The_hidden_request_never_happens(string path, string attack)
    {
        await using var server = await StartAsync(("Tidings:ApiKey", Key));
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var listener = await server.ConnectAsync("/ws/lobby");
        var hidden = Publish(path, "hidden", "Content-Length: {0}\r\n");
        await using (var tcp = await RawTcp.ConnectAsync(server.Port))
        {
            await tcp.SendAsync(Attack(path, attack, hidden));
            await tcp.ReadResponseAsync();
            while (await tcp.FillAsync(TimeSpan.FromSeconds(1)))
            {
            }
        }

        // The room's log has what was published by then: one honest message comes next, and not the hidden one.
        using var honest = await server.Http.SendAsync(Honest(path));
        Assert.True(honest.IsSuccessStatusCode, await honest.Content.ReadAsStringAsync());
        string text;
        while (!(text = await listener.ReceiveTextAsync()).EndsWith("honest", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        }

        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    private static string Attack(string path, string attack, string hidden)
    {
        var body = Body(path, "first");
        var size = body.Length.ToString("x", CultureInfo.InvariantCulture);
        var chunked = "Transfer-Encoding: chunked\r\n";
        return attack switch
        {
            "chunk extension ended by LF" => Head(path, chunked) + $"2;\nxx\r\n{hidden.Length:x}\r\n0\r\n\r\n{hidden}",
            "chunk size ended by LF" => Head(path, chunked) + $"{size}\n{body}\n0\n\n{hidden}",
            "chunk extension with CR alone" => Head(path, chunked) + $"{size};a\rb\r\n{body}\r\n0\r\n\r\n{hidden}",
            "length and chunks" => Head(path, $"Content-Length: {body.Length + 4}\r\n{chunked}") + $"0\r\n\r\n{hidden}",
            "chunks and length, other case" => Head(path, $"transfer-encoding: CHUNKED\r\ncontent-length: {body.Length}\r\n") + $"0\r\n\r\n{hidden}",
            "two lengths" => Head(path, $"Content-Length: {body.Length}\r\nContent-Length: 0\r\n") + hidden,
            "folded header" => Head(path, $"X-Fold: a\r\n Content-Length: 0\r\nContent-Length: {body.Length + hidden.Length}\r\n") + body + hidden,
            "folded transfer encoding" => Head(path, $"Transfer-Encoding:\r\n chunked\r\nContent-Length: {body.Length}\r\n") + $"0\r\n\r\n{hidden}",
            "space before colon" => Head(path, $"Transfer-Encoding : chunked\r\nContent-Length: {body.Length}\r\n") + $"0\r\n\r\n{hidden}",
            "unknown transfer coding" => Head(path, "Transfer-Encoding: xchunked\r\n") + $"0\r\n\r\n{hidden}",
            "chunked twice" => Head(path, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") + $"0\r\n\r\n{hidden}",
            "negative chunk" => Head(path, chunked) + $"-1\r\n\r\n{hidden}",
            "huge chunk" => Head(path, chunked) + $"ffffffffffffffff0\r\n\r\n{hidden}",
            _ => Head(path, chunked) + $"0x{size}\r\n{body}\r\n0\r\n\r\n{hidden}",
        };
    }

    // Without the key: what is refused must be refused whole. The hidden request alone has it.
    private static string Head(string path, string headers) =>
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}\r\n";

    private static string Publish(string path, string text, string headers)
    {
        var body = Body(path, text);
        return Head(path, $"Authorization: Bearer {Key}\r\n" + string.Format(CultureInfo.InvariantCulture, headers, body.Length)) + body;
    }

    private static string Body(string path, string text) => path == "/broadcast"
        ? $$"""{"room":"lobby","content":"{{text}}"}"""
        : $$"""{"channel":"room:lobby","data":"{{text}}"}""";

    private static HttpRequestMessage Honest(string path) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(Body(path, "honest"), Encoding.UTF8, "application/json"),
        Headers = { { "Authorization", "Bearer " + Key } },
    };
}
