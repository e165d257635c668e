using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Protocol.Catalog;

namespace Tidings.Channels.Tests.Http;

/// <summary>Each optional number of the protocol at 0, below, at its ends and where it is no whole number: one meaning, whatever carries it. The commands
/// and their numbers are those of the catalogue.</summary>
public sealed class OptionalNumberRules : HttpRules
{
    private const string Channel = "chat:numbers";

    // As they are written, and whether they are whole numbers from 1 that a field may have.
    private static readonly (string Text, long? Number)[] Values =
    [
        ("0", 0), ("1", 1), ("2", 2), ("2147483647", int.MaxValue),
        ("-1", null), ("-0.5", null), ("1.5", null), ("1.0", null), ("1e2", null), ("2147483648", null), ("9007199254740992", null), ("1e400", null),
        ("\"1\"", null), ("null", null), ("true", null), ("[1]", null), ("{}", null),
    ];

    public static TheoryData<string, string, int, string, long?> Numbers()
    {
        var data = new TheoryData<string, string, int, string, long?>();
        foreach (var command in ProtocolCatalog.Commands)
        {
            foreach (var field in command.Fields.Where(static field => field.Type == "integer"))
            {
                Assert.NotNull(field.Least);
                foreach (var (text, number) in Values)
                {
                    data.Add(command.Type, field.Name, field.Least.Value, text, number >= field.Least ? number : null);
                }
            }
        }

        return data;
    }

    [Fact]
    public void The_catalogue_has_the_numbers_that_are_known() =>
        Assert.Equal(
            ["subscribe.last", "presence.limit", "history.last", "history.limit"],
            ProtocolCatalog.Commands.SelectMany(static command => command.Fields.Where(static field => field.Type == "integer").Select(field => $"{command.Type}.{field.Name}")));

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task A_number_of_a_command_means_one_thing_on_each_transport(string command, string field, int least, string text, long? number)
    {
        await using var server = await StartAsync();
        await SayAsync(server, Channel, "1", "2", "3");
        var json = $$"""{"type":"{{command}}","channel":"{{(command == "presence" ? "lobby:1" : Channel)}}","{{field}}":{{text}},"id":7}""";
        await using var socket = await server.ConnectAsync("/connect?ping=frame");
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync(json);
        List<string> answers = [await socket.ReceiveTextAsync()];
        if (command != "subscribe")
        {
            answers.Add(await CommandAsync(server, json));
        }

        foreach (var answer in answers.Select(static answer => JsonElement.Parse(answer)))
        {
            if (number is not { } wanted)
            {
                Assert.True(answer.GetProperty("type").GetString() == "error", $"{json} was answered {answer}");
                Assert.Equal("bad_request", answer.GetProperty("code").GetString());
                Assert.Equal(field, answer.GetProperty("details")[0].GetProperty("field").GetString());
                Assert.Contains($"from {least}", answer.GetProperty("details")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
            }
            else if (command == "history")
            {
                Assert.Equal("history", answer.GetProperty("type").GetString());
                Assert.Equal(Math.Min(wanted, 3), answer.GetProperty("messages").GetArrayLength());
                Assert.Equal(3, answer.GetProperty("offset").GetInt64());
            }
            else if (command == "subscribe")
            {
                Assert.Equal(3 - Math.Min(wanted, 3), answer.GetProperty("offset").GetInt64());
                for (var i = 0; i < Math.Min(wanted, 3); i++)
                {
                    Assert.Contains("\"message\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
                }
            }
            else
            {
                Assert.Equal("presence", answer.GetProperty("type").GetString());
            }
        }

        await socket.SendTextAsync("""{"type":"ping"}""");
        await socket.ExpectTextAsync("""{"type":"pong"}""");
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("2147483647", 3)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("1.0", null)]
    [InlineData("1e2", null)]
    [InlineData("2147483648", null)]
    [InlineData("9007199254740992", null)]
    [InlineData("", null)]
    [InlineData("%201", null)]
    [InlineData("%2B1", null)]
    [InlineData("null", null)]
    public async Task The_last_of_a_stream_and_of_a_poll_means_the_same(string text, int? messages)
    {
        await using var server = await StartAsync();
        await SayAsync(server, Channel, "1", "2", "3");
        if (messages is not { } count)
        {
            await ExpectProblemAsync(await GetAsync(server, $"/connect?wait=0&channel={Channel}&last={text}"), 400, "bad_request");
            await ExpectProblemAsync(await GetAsync(server, $"/api/events?channel={Channel}&last={text}"), 400, "bad_request");
            return;
        }

        Assert.Equal(count, (await PollAsync(server, $"wait=0&channel={Channel}&last={text}")).GetProperty("messages").GetArrayLength());
        await using var stream = await EventStream.OpenAsync(server.Http, $"/api/events?channel={Channel}&last={text}");
        var connected = JsonElement.Parse((await stream.ReceiveAsync())!);
        Assert.Equal(3 - count, connected.GetProperty("subscriptions")[0].GetProperty("offset").GetInt64());
    }

    [Theory]
    [InlineData("history", "limit", 0, 10_000)]
    [InlineData("history", "last", 0, 10_000)]
    [InlineData("presence", "limit", 0, 10_000)]
    [InlineData("channels", "limit", 1, 1000)]
    [InlineData("connections", "limit", 1, 1000)]
    public async Task A_number_of_the_server_API_has_its_bounds_in_queries(string operation, string field, int least, int most)
    {
        await using var server = await StartAsync();
        await SayAsync(server, Channel, "1", "2", "3");
        foreach (var (text, number) in Values.Append(($"{most}", most)).Append(($"{most + 1L}", null)))
        {
            var isGood = number >= least && number <= most;
            if (text.Length > 0 && char.IsAsciiDigit(text[^1]))
            {
                using var answer = await GetAsync(server, $"/api/{operation}?{(operation == "channels" ? "prefix" : "channel")}={Channel}&{field}={text}");
                Assert.True((int)answer.StatusCode == (isGood ? 200 : 400), $"{operation} with {field}={text} was answered {answer.StatusCode}");
                ExpectMessages(operation, isGood ? number : null, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
            }
        }

        Assert.Equal(3, (await JsonAsync(server, $"/api/history?channel={Channel}")).GetProperty("messages").GetArrayLength());
    }

    [Theory]
    [InlineData("0", 3)]
    [InlineData("1", 2)]
    [InlineData("3", 0)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("1.0", null)]
    [InlineData("9007199254740992", null)]
    [InlineData("9223372036854775808", null)]
    [InlineData("\"1\"", null)]
    [InlineData("null", null)]
    public async Task An_offset_of_a_position_means_the_same_everywhere(string offset, int? messages)
    {
        await using var server = await StartAsync();
        await SayAsync(server, Channel, "1", "2", "3");
        var epoch = (await JsonAsync(server, $"/api/history?channel={Channel}&last=0")).GetProperty("epoch").GetString();
        var json = $$$"""{"type":"history","channel":"{{{Channel}}}","since":{"epoch":"{{{epoch}}}","offset":{{{offset}}}}}""";
        await using var socket = await server.ConnectAsync("/connect?ping=frame");
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync(json);
        var position = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("[[\"" + Channel + "\",\"" + epoch + "\"," + offset + "]]")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var queries = new[] { $"/api/history?channel={Channel}&since={position}", $"/connect?wait=0&channel={Channel}&since={position}" };
        foreach (var answer in new[] { JsonElement.Parse(await socket.ReceiveTextAsync()), JsonElement.Parse(await CommandAsync(server, json)) })
        {
            Assert.Equal(messages, answer.TryGetProperty("messages", out var found) ? found.GetArrayLength() : null);
        }

        foreach (var query in queries)
        {
            using var answer = await GetAsync(server, query);
            Assert.Equal(messages is null ? 400 : 200, (int)answer.StatusCode);
            if (messages is not null)
            {
                Assert.Equal(messages, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("messages").GetArrayLength());
            }
        }
    }

    [Fact]
    public async Task Since_and_last_never_stand_together_not_even_where_last_is_zero()
    {
        await using var server = await StartAsync();
        var since = """{"epoch":"e","offset":0}""";
        foreach (var json in new[]
        {
            $$"""{"type":"history","channel":"{{Channel}}","since":{{since}},"last":0}""",
            $$"""{"type":"subscribe","channel":"{{Channel}}","since":{{since}},"last":0}""",
            $$"""{"type":"subscribe","channels":[{"channel":"{{Channel}}","since":{{since}},"last":0}]}""",
        })
        {
            await using var socket = await server.ConnectAsync("/connect?ping=frame");
            await socket.ReceiveTextAsync();
            await socket.SendTextAsync(json);
            Assert.Contains("bad_request", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        }
    }

    private static void ExpectMessages(string operation, long? number, JsonElement answer)
    {
        if (operation == "history" && number is { } wanted)
        {
            Assert.Equal(Math.Min(wanted, 3), answer.GetProperty("messages").GetArrayLength());
            Assert.Equal(3, answer.GetProperty("offset").GetInt64());
        }
    }

    private static async Task<JsonElement> JsonAsync(TestServer server, string url)
    {
        using var answer = await GetAsync(server, url);
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync());
    }
}
