using System.Text;

namespace Tidings.Tasks.Tests.Http;

/// <summary>Streams as Server-Sent Events, besides what the conformance suite looks at.</summary>
public sealed class StreamEventTests
{
    [Fact]
    public async Task A_line_break_of_two_bytes_is_one_however_it_is_cut()
    {
        await using var server = await TestServer.StartAsync("lanes", settings: [("Tidings:Streams:Enabled", "true")]);
        using var made = await server.Http.PutAsync(new Uri(server.Url, "/streams/a"), new StringContent("one\r", Encoding.UTF8, "text/plain"));
        made.EnsureSuccessStatusCode();
        using var answer = await server.Http.GetAsync(new Uri(server.Url, "/streams/a?offset=-1&live=sse"), HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var text = new StringBuilder();
        await ReadUntilAsync("one");
        foreach (var chunk in new[] { "\ntwo\r\n", "three\r", "four\r", "\n", "\r" })
        {
            using var appended = await server.Http.PostAsync(new Uri(server.Url, "/streams/a"), new StringContent(chunk, Encoding.UTF8, "text/plain"));
            appended.EnsureSuccessStatusCode();
        }

        await ReadUntilAsync("one\ntwo\nthree\nfour\n");
        using var closing = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, "/streams/a")) { Headers = { { "Stream-Closed", "true" } } };
        using var closed = await server.Http.SendAsync(closing);
        closed.EnsureSuccessStatusCode();
        await ReadUntilAsync("one\ntwo\nthree\nfour\n\n");

        // As readers of events put it together.
        async Task ReadUntilAsync(string expected)
        {
            while (text.ToString() != expected)
            {
                Assert.True(text.Length < expected.Length, text.ToString());
                List<string> data = [];
                var kind = "";
                string line;
                while ((line = (await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!).Length > 0)
                {
                    if (line.StartsWith("data:", StringComparison.Ordinal))
                    {
                        data.Add(line[5..]);
                    }
                    else if (line.StartsWith("event: ", StringComparison.Ordinal))
                    {
                        kind = line[7..];
                    }
                }

                text.Append(kind == "data" ? string.Join('\n', data) : "");
            }
        }
    }

    [Fact]
    public async Task A_sign_of_life_is_a_comment_and_no_part_of_an_event()
    {
        await using var server = await TestServer.StartAsync("lanes", settings: [("Tidings:Streams:Enabled", "true"), ("Tidings:Heartbeat:Interval", "100ms")]);
        using var made = await server.Http.PutAsync(new Uri(server.Url, "/streams/a"), new StringContent("one", Encoding.UTF8, "text/plain"));
        made.EnsureSuccessStatusCode();
        using var answer = await server.Http.GetAsync(new Uri(server.Url, "/streams/a?offset=-1&live=sse"), HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync());
        List<string> lines = [];
        while (lines.Count(static line => line == ":") < 2)
        {
            lines.Add((await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!);
        }

        using var appended = await server.Http.PostAsync(new Uri(server.Url, "/streams/a"), new StringContent("two", Encoding.UTF8, "text/plain"));
        appended.EnsureSuccessStatusCode();
        while (!lines.Contains("data:two"))
        {
            lines.Add((await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!);
        }

        Assert.All(lines, static line => Assert.True(line is "" or ":" or "event: data" or "event: control" || line.StartsWith("data:", StringComparison.Ordinal), line));
        Assert.DoesNotContain(lines, static line => line.Contains("ping", StringComparison.Ordinal));
    }
}
