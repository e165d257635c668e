using System.Text.RegularExpressions;
using TestKit;
using Tidings.Brokers;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>The dialogues of docs/protocol.md, sent and received as they stand there.</summary>
public abstract partial class ProtocolExamples(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Settings =
    [
        ("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"),
        ("Tidings:Channels:1:Pattern", "lobby:*"), ("Tidings:Channels:1:Presence", "true"),
        ("Tidings:Channels:2:Pattern", "board:*"), ("Tidings:Channels:2:Presence", "true"), ("Tidings:Channels:2:PresenceInfo", "true"),
        ("Tidings:Channels:3:Pattern", "map:*"), ("Tidings:Channels:3:Publish", "anyone"), ("Tidings:Channels:3:State", "true"),
    ];

    public static TheoryData<string> Titles => [.. Dialogues().Select(dialogue => dialogue.Title)];

    [Theory]
    [MemberData(nameof(Titles))]
    public async Task An_example_is_true(string title)
    {
        var time = new ManualTime();
        var (_, label, lines) = Dialogues().Single(dialogue => dialogue.Title == title);
        await using var server = await StartAsync(time, label == "send" ? [.. Settings, ("Tidings:Send", "anyone")] : Settings);
        await using var stage = new Stage(server);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.StartsWith("-- 5 seconds", StringComparison.Ordinal))
            {
                // Whoever was just answered has left; the others see it when the time has passed.
                time.Advance(TimeSpan.FromSeconds(5));
            }
            else if (line.StartsWith("-- ", StringComparison.Ordinal))
            {
                await LoseTwoAsync(server);
            }
            else if (line[1] == '>')
            {
                await stage.SayAsync(line[..1], line[3..]);
            }
            else
            {
                await stage.HearAsync(line[..1], line[3..]);
            }
        }
    }

    [Fact]
    public void Every_message_that_is_served_has_an_example()
    {
        var all = string.Join('\n', Dialogues().SelectMany(dialogue => dialogue.Lines));
        string[] types =
        [
            "subscribe", "unsubscribe", "publish", "send", "history", "presence", "track", "call", "ping", "quit",
            "connected", "subscribed", "unsubscribed", "published", "message", "gap", "sent", "direct", "join", "leave", "update", "tracked", "occupancy", "pong", "error",
        ];
        Assert.All(types, type => Assert.Contains($"{{\"type\":\"{type}\"", all));
    }

    // What a broker says whose log was cut while nobody looked.
    private static async Task LoseTwoAsync(TestServer server)
    {
        var top = (await server.Services.Node.Broker.ReadAsync("chat:news", new HistoryRequest(null, 0))).Top;
        server.Hub.Deliver(new Message
        {
            Channel = "chat:news",
            Position = top with { Offset = top.Offset + 3 },
            Time = 1767225600000,
            Data = new MessageData(DataKind.Json, "\"four\""u8.ToArray()),
        });
    }

    // A label after "tidings" says what is needed besides; it means "Tidings:Send" where it is "send".
    private static IEnumerable<(string Title, string Label, IReadOnlyList<string> Lines)> Dialogues()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "protocol.md"));
        var (title, label) = ("", "");
        List<string>? lines = null;
        var count = 0;
        foreach (var line in text.Split('\n'))
        {
            if (lines is null && line.StartsWith('#'))
            {
                (title, count) = (line.TrimStart('#', ' '), 0);
            }
            else if (line.StartsWith("```tidings", StringComparison.Ordinal))
            {
                (lines, label) = ([], line["```tidings".Length..].Trim());
            }
            else if (lines is not null && line == "```")
            {
                yield return (++count == 1 ? title : $"{title} {count}", label, lines);
                lines = null;
            }
            else
            {
                lines?.Add(line);
            }
        }
    }

    /// <summary>The clients of one dialogue, and what the values that differ from run to run are in this one.</summary>
    private sealed partial class Stage(TestServer server) : IAsyncDisposable
    {
        private readonly Dictionary<string, RawWebSocket> _clients = [];
        private readonly Dictionary<string, string> _actual = [];

        public async Task SayAsync(string who, string text)
        {
            var socket = await ClientAsync(who, hearsConnected: false);
            foreach (var (example, actual) in _actual)
            {
                text = text.Replace(example, actual, StringComparison.Ordinal);
            }

            await socket.SendTextAsync(text);
        }

        public async Task HearAsync(string who, string expected)
        {
            var socket = await ClientAsync(who, hearsConnected: expected.StartsWith("{\"type\":\"connected\"", StringComparison.Ordinal));
            if (expected.StartsWith("close ", StringComparison.Ordinal))
            {
                await socket.ExpectCloseAsync(int.Parse(expected[6..10], System.Globalization.CultureInfo.InvariantCulture), expected[12..^1]);
                return;
            }

            var heard = await socket.ReceiveTextAsync();
            var varying = Varying().Matches(expected);
            var now = Varying().Matches(heard);
            Assert.True(varying.Count == now.Count, $"expected {expected}\nheard    {heard}");
            for (var i = 0; i < varying.Count; i++)
            {
                var (example, actual) = (varying[i].Groups["value"].Value, now[i].Groups["value"].Value);
                Assert.True(example.Length == 0 || _actual.TryAdd(example, actual) || _actual[example] == actual, $"{example} was {_actual.GetValueOrDefault(example)} and is {actual}");
            }

            Assert.Equal(Varying().Replace(expected, "…"), Varying().Replace(heard, "…"));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in _clients.Values)
            {
                await client.DisposeAsync();
            }
        }

        private async Task<RawWebSocket> ClientAsync(string who, bool hearsConnected)
        {
            if (!_clients.TryGetValue(who, out var socket))
            {
                _clients[who] = socket = await server.ConnectAsync("/connect?ping=frame");
                if (!hearsConnected)
                {
                    await socket.ReceiveTextAsync();
                }
            }

            return socket;
        }

        [GeneratedRegex("""(?<="epoch":"|"connection":"|"version":"|"user":"~)(?<value>[^"]*)(?=")|(?<="time":)\d+""")]
        private static partial Regex Varying();
    }
}
