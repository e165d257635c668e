using System.Collections.Concurrent;
using System.Globalization;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>Maps of a real server, through a proxy that cuts.</summary>
public sealed class MapConvergenceTests : IAsyncDisposable
{
    private readonly List<TidingsClient> _clients = [];
    private ClientServer? _world;

    [Theory]
    [InlineData(ClientTransport.WebSocket)]
    [InlineData(ClientTransport.ServerSentEvents)]
    public async Task Every_map_ends_as_the_truth_is_and_its_changes_lead_there(ClientTransport transport)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await StartAsync();
        var channel = "board:" + transport;
        var truth = new Dictionary<string, int>();
        var faults = new ConcurrentQueue<string>();
        List<(ChannelMap<int> Map, ConcurrentDictionary<string, int> Shadow)> maps = [];
        await using var writer = new TidingsClient(new Uri($"ws://127.0.0.1:{_world!.Server.Port}/connect"));
        Join();
        for (var round = 0; round < 200; round++)
        {
            var key = $"k{random.Next(8)}";
            if (random.Next(4) == 0)
            {
                truth.Remove(key);
                await writer.RemoveKeyAsync(channel, key);
            }
            else
            {
                truth[key] = round;
                await writer.PublishAsync(channel, round, new PublishOptions { Key = key });
            }

            if (round % 25 == 10)
            {
                Join();
            }

            if (round % 60 == 45)
            {
                _world.Proxy.CutAll();
            }
        }

        foreach (var (map, shadow) in maps)
        {
            await Eventually.EqualAsync(Show(truth), () => Show(map), $"seed {seed}: the map");
            await Eventually.EqualAsync(Show(truth), () => Show(shadow), $"seed {seed}: what its changes lead to");
            Assert.True(map.IsReady);
        }

        Assert.Empty(faults);

        void Join()
        {
            var shadow = new ConcurrentDictionary<string, int>();
            maps.Add((Client(transport).SubscribeMap(channel, Numbers.Default.Int32, new MapOptions<int>
            {
                Changed = change =>
                {
                    var before = shadow.TryGetValue(change.Key, out var value) ? value : (int?)null;
                    if (before != change.Previous?.Value)
                    {
                        faults.Enqueue($"seed {seed}: {change.Key} was {before}, and not {change.Previous?.Value}");
                    }

                    _ = change.Current is { } current ? shadow[change.Key] = current.Value : shadow.TryRemove(change.Key, out _) ? 0 : 0;
                },
            }), shadow));
        }
    }

    [Fact]
    public async Task A_map_and_a_subscription_share_a_connection_over_streams_and_a_second_map_has_its_state_too()
    {
        await StartAsync();
        var client = Client(ClientTransport.ServerSentEvents);
        var reader = new Reader(client.Subscribe("board:1"));
        await client.PublishAsync("board:1", 1, new PublishOptions { Key = "a" });
        await using var first = client.SubscribeMap<int>("board:1");
        await first.WaitAsync();
        await using var second = client.SubscribeMap<int>("board:1");
        await second.WaitAsync();
        await client.PublishAsync("board:1", 2, new PublishOptions { Key = "b" });
        await Eventually.TrueAsync(() => first.Count == 2 && second.Count == 2, "both have both");
        await reader.ExpectAsync(2);
    }

    [Fact]
    public async Task Over_polling_and_where_no_state_is_kept_it_is_refused_by_name()
    {
        await StartAsync();
        foreach (var (transport, channel) in new[] { (ClientTransport.LongPolling, "board:1"), (ClientTransport.WebSocket, "chat:1"), (ClientTransport.ServerSentEvents, "chat:1") })
        {
            await using var map = Client(transport).SubscribeMap<int>(channel);
            var error = await Assert.ThrowsAsync<TidingsException>(() => map.WaitAsync().WaitAsync(Eventually.Limit));
            Assert.Equal(ErrorCode.BadRequest, error.Code);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        if (_world is not null)
        {
            await _world.DisposeAsync();
        }
    }

    private static string Show(IEnumerable<KeyValuePair<string, int>> map) =>
        string.Join(' ', map.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => string.Create(CultureInfo.InvariantCulture, $"{one.Key}={one.Value}")));

    private async Task StartAsync() => _world = await ClientServer.StartAsync(
        ("Tidings:Channels:1:Pattern", "board:*"), ("Tidings:Channels:1:Publish", "anyone"), ("Tidings:Channels:1:State", "true"), ("Tidings:Channels:1:History", "20"));

    private TidingsClient Client(ClientTransport transport)
    {
        var client = _world!.Client(new TidingsClientOptions { Transports = [transport] });
        _clients.Add(client);
        return client;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(int))]
internal sealed partial class Numbers : System.Text.Json.Serialization.JsonSerializerContext;
