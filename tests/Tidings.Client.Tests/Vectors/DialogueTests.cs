using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Vectors;

/// <summary>spec/vectors/dialogues.json: what frames do.</summary>
public sealed class DialogueTests
{
    public static IEnumerable<TheoryDataRow<string>> Names() => VectorFile.Names("dialogues.json");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_goes_as_the_sample_says(string name)
    {
        await using var dialogue = new Dialogue();
        foreach (var step in VectorFile.Named("dialogues.json", name).GetProperty("steps").EnumerateArray())
        {
            var (kind, value) = (step.EnumerateObject().First().Name, step.EnumerateObject().First().Value);
            await (kind switch
            {
                "subscribe" => dialogue.SubscribeAsync(value),
                "unsubscribe" => dialogue.UnsubscribeAsync(value.GetString()!),
                "received" => dialogue.ReceivedAsync(JsonNode.Parse(value.GetRawText())!.AsObject()),
                "sent" => dialogue.SentAsync(value),
                "told" => dialogue.ToldAsync(value),
                "cut" => dialogue.CutAsync(value.GetInt32()),
                "positions" => dialogue.PositionsAsync(value),
                _ => throw new InvalidOperationException($"No step: {kind}"),
            });
        }
    }

    private sealed class Dialogue : IAsyncDisposable
    {
        private readonly ScriptedServer _server = new();
        private readonly TidingsClient _client;
        private readonly Dictionary<string, ChannelSubscription> _subscriptions = [];
        private readonly List<JsonObject> _told = [];
        private readonly List<Task> _loops = [];
        private ScriptedTransport? _transport;
        private List<long> _lastIds = [];
        private int _sent;

        public Dialogue()
        {
            _client = _server.Client();
            _client.ServerChannelTold += Tell;
            _client.DirectReceived += direct =>
            {
                var told = new JsonObject { ["event"] = "direct" };
                if (direct.From is { } from)
                {
                    told["from"] = from;
                }

                if (direct.Connection is { } connection)
                {
                    told["connection"] = connection;
                }

                told["data"] = JsonNode.Parse(direct.Data.Span);
                Add(told);
            };
        }

        public Task SubscribeAsync(JsonElement options)
        {
            var channel = options.GetProperty("channel").GetString()!;
            var subscription = _client.Subscribe(channel, new SubscribeOptions
            {
                Last = options.TryGetProperty("last", out var last) ? last.GetInt32() : 0,
                Presence = options.TryGetProperty("presence", out var presence) && presence.GetBoolean(),
                Conflate = options.TryGetProperty("conflate", out var conflate) && conflate.GetBoolean(),
            });
            _subscriptions.Add(channel, subscription);
            _loops.Add(ReadAsync(subscription));
            return Task.CompletedTask;
        }

        public async Task UnsubscribeAsync(string channel) => await _subscriptions[channel].DisposeAsync();

        public async Task ReceivedAsync(JsonObject frame)
        {
            if (_transport is null)
            {
                var connecting = _client.ConnectAsync();
                _transport = await _server.AcceptAsync();
                await _transport.SayAsync(frame.ToJsonString());
                await connecting;
                return;
            }

            if ((string?)frame["id"] is { } id)
            {
                frame["id"] = _lastIds[int.Parse(id.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) - 1];
            }

            await _transport.SayAsync(frame.ToJsonString());
        }

        public async Task SentAsync(JsonElement expected)
        {
            var sent = await _transport!.SentAsync(expected.GetArrayLength(), _sent);
            _sent += sent.Count;
            _lastIds = [.. sent.Select(command => (long?)command["id"] ?? 0)];
            Assert.Equal(
                expected.EnumerateArray().Select(command => command.GetRawText()),
                sent.Select(command => Without(command, "id").ToJsonString()),
                SameJson);
        }

        public async Task ToldAsync(JsonElement expected)
        {
            await TestKit.Eventually.TrueAsync(() => Count() >= expected.GetArrayLength(), $"{expected.GetArrayLength()} events were told");
            lock (_told)
            {
                Assert.Equal(expected.EnumerateArray().Select(told => told.GetRawText()), _told.Select(told => told.ToJsonString()), SameJson);
                _told.Clear();
            }
        }

        public Task CutAsync(int code)
        {
            _transport!.End(code);
            _transport = null;
            _sent = 0;
            return Task.CompletedTask;
        }

        public Task PositionsAsync(JsonElement expected)
        {
            foreach (var entry in expected.EnumerateObject())
            {
                var position = new StreamPosition(entry.Value.GetProperty("epoch").GetString()!, entry.Value.GetProperty("offset").GetInt64());
                Assert.Equal(position, _subscriptions[entry.Name].Position);
            }

            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await _client.DisposeAsync();
            await Task.WhenAll(_loops);
        }

        private static bool SameJson(string first, string second) => JsonNode.DeepEquals(JsonNode.Parse(first), JsonNode.Parse(second));

        private static JsonObject Without(JsonObject value, string name)
        {
            var copy = value.DeepClone().AsObject();
            copy.Remove(name);
            return copy;
        }

        private async Task ReadAsync(ChannelSubscription subscription)
        {
            try
            {
                await foreach (var told in subscription)
                {
                    Tell(told);
                }
            }
            catch (TidingsException error)
            {
                Add(new JsonObject { ["event"] = "unsubscribed", ["channel"] = subscription.Channel, ["code"] = error.Code.ToWire(), ["reason"] = error.Message });
            }
        }

        private void Tell(ChannelEvent told) => Add(EventJson.Of(told));

        private void Add(JsonObject told)
        {
            lock (_told)
            {
                _told.Add(told);
            }
        }

        private int Count()
        {
            lock (_told)
            {
                return _told.Count;
            }
        }
    }
}
