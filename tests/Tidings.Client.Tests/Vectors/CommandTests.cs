using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Vectors;

/// <summary>spec/vectors/commands.json: what each call sends, and what comes of the answer.</summary>
public sealed class CommandTests
{
    public static IEnumerable<TheoryDataRow<string>> Names() => VectorFile.Names("commands.json");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_call_sends_and_completes_as_the_sample_says(string name)
    {
        var sample = VectorFile.Named("commands.json", name);
        var server = new ScriptedServer();
        await using var client = server.Client();
        var connecting = client.ConnectAsync();
        var transport = await server.ConnectAsync();
        await connecting;
        var call = CallAsync(client, sample);
        if (call.IsFaulted)
        {
            // What the server would refuse for its form never leaves the client.
            Assert.Equal("bad_request", sample.GetProperty("error").GetProperty("code").GetString());
            await Assert.ThrowsAsync<ArgumentException>(() => call);
            return;
        }

        var sent = (await transport.SentAsync(1)).Single().DeepClone().AsObject();
        var id = sent["id"]!.GetValue<long>();
        sent.Remove("id");
        var expected = JsonNode.Parse(sample.GetProperty("sent").GetRawText())!.AsObject();
        if ((string?)expected["idempotencyKey"] == "$key")
        {
            Assert.Equal(32, ((string)sent["idempotencyKey"]!).Length);
            expected["idempotencyKey"] = (string)sent["idempotencyKey"]!;
        }

        Assert.True(JsonNode.DeepEquals(expected, sent), $"{sent.ToJsonString()} instead of {expected.ToJsonString()}");
        var reply = JsonNode.Parse(sample.GetProperty("reply").GetRawText())!.AsObject();
        reply["id"] = id;
        await transport.SayAsync(reply.ToJsonString());
        if (sample.TryGetProperty("error", out var error))
        {
            var refusal = await Assert.ThrowsAsync<TidingsException>(() => call);
            Assert.Equal(error.GetProperty("code").GetString(), refusal.Code.ToWire());
            Assert.Equal(error.GetProperty("error").GetString(), refusal.Message);
        }
        else
        {
            AssertHolds(JsonNode.Parse(sample.GetProperty("result").GetRawText()), await call);
        }
    }

    [Fact]
    public async Task A_refusal_names_the_fields_that_are_wrong()
    {
        var server = new ScriptedServer();
        await using var client = server.Client();
        var call = client.CallJsonAsync("sum", "{}"u8.ToArray());
        var transport = await server.ConnectAsync();
        await transport.SentAsync(1);
        await transport.SayAsync($$"""{"type":"error","id":{{transport.Id(0)}},"code":"bad_request","error":"Invalid message format","details":[{"field":"a","message":"is missing"}]}""");
        var refusal = await Assert.ThrowsAsync<TidingsException>(() => call);
        Assert.Equal(ErrorCode.BadRequest, refusal.Code);
        Assert.Equal([new FieldError("a", "is missing")], refusal.Details);
    }

    private static async Task<JsonNode?> CallAsync(TidingsClient client, JsonElement sample)
    {
        string Text(string field) => sample.GetProperty(field).GetString()!;
        var options = sample.TryGetProperty("options", out var given) ? given : JsonElement.Parse("{}"u8);
        switch (Text("call"))
        {
            case "publish":
                var position = await client.PublishJsonAsync(Text("channel"), Raw(sample, "data"), new PublishOptions
                {
                    Key = Optional(options, "key"),
                    IdempotencyKey = Optional(options, "idempotencyKey"),
                    Durable = options.TryGetProperty("durable", out _),
                    Ephemeral = options.TryGetProperty("ephemeral", out _),
                    Event = Optional(options, "event"),
                    Except = options.TryGetProperty("except", out _),
                });
                var published = new JsonObject { ["channel"] = Text("channel") };
                if (position is { } at)
                {
                    (published["epoch"], published["offset"]) = (at.Epoch, at.Offset);
                }

                return published;
            case "send":
                return await client.SendAsync(Text("to"), sample.GetProperty("data")) is { } delivered ? new JsonObject { ["delivered"] = delivered } : new JsonObject();
            case "call":
                return JsonNode.Parse((await client.CallJsonAsync(Text("method"), Raw(sample, "params"))).Span);
            case "history":
                return Of(await client.HistoryAsync(Text("channel"), new HistoryOptions
                {
                    Since = Position(options, "since"),
                    Before = Position(options, "before"),
                    Last = options.TryGetProperty("last", out var last) ? last.GetInt32() : null,
                    Limit = options.TryGetProperty("limit", out var limit) ? limit.GetInt32() : null,
                }));
            default:
                return EventJson.Of(await client.PresenceAsync(Text("channel"), options.GetProperty("limit").GetInt32()));
        }
    }

    private static StreamPosition? Position(JsonElement options, string name) =>
        options.TryGetProperty(name, out var at) ? new StreamPosition(at.GetProperty("epoch").GetString()!, at.GetProperty("offset").GetInt64()) : null;

    private static JsonObject Of(ChannelHistory history)
    {
        var json = new JsonObject
        {
            ["epoch"] = history.Position.Epoch,
            ["offset"] = history.Position.Offset,
            ["messages"] = new JsonArray([.. history.Messages.Select(EventJson.Of)]),
        };
        if (history.Recovered is { } recovered)
        {
            json["recovered"] = recovered;
        }

        return json;
    }

    private static ReadOnlyMemory<byte> Raw(JsonElement sample, string field) =>
        sample.TryGetProperty(field, out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : default;

    private static string? Optional(JsonElement options, string field) => options.TryGetProperty(field, out var value) ? value.GetString() : null;

    // Results hold at least what the sample names.
    private static void AssertHolds(JsonNode? expected, JsonNode? actual)
    {
        if (expected is JsonObject fields)
        {
            foreach (var (name, value) in fields)
            {
                AssertHolds(value, Assert.IsType<JsonObject>(actual)[name]);
            }
        }
        else if (expected is JsonArray items)
        {
            Assert.Equal(items.Count, Assert.IsType<JsonArray>(actual).Count);
            for (var i = 0; i < items.Count; i++)
            {
                AssertHolds(items[i], actual![i]);
            }
        }
        else
        {
            Assert.True(JsonNode.DeepEquals(expected, actual), $"{actual?.ToJsonString()} instead of {expected?.ToJsonString()}");
        }
    }
}
