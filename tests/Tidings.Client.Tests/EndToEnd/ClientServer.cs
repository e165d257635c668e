using System.Collections.Concurrent;
using System.Globalization;
using TestKit;
using Tidings.Brokers;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>A real server behind a fault proxy, and clients of it.</summary>
internal sealed class ClientServer : IAsyncDisposable
{
    private readonly List<TidingsClient> _clients = [];

    private ClientServer(TestServer server)
    {
        Server = server;
        Proxy = new FaultProxy(server.Port);
    }

    public TestServer Server { get; }
    public FaultProxy Proxy { get; }

    public static async Task<ClientServer> StartAsync(params (string Key, string? Value)[] settings) =>
        new(await TestServer.StartAsync("auto", null, null, [
            ("Tidings:Send", "anyone"),
            ("Tidings:Channels:0:Pattern", "chat:*"),
            ("Tidings:Channels:0:History", "10000"),
            ("Tidings:Channels:0:HistoryAge", "1h"),
            ("Tidings:Channels:0:Publish", "anyone"),
            ("Tidings:Channels:0:Subscribe", "anyone"),
            ("Tidings:Channels:0:Presence", "true"),
            .. settings]));

    /// <summary>A client through the proxy, disposed with this.</summary>
    public TidingsClient Client(TidingsClientOptions? options = null, Func<double>? random = null)
    {
        var client = new TidingsClient(new Uri($"ws://127.0.0.1:{Proxy.Port}/connect"), options, random ?? (static () => 0.1));
        _clients.Add(client);
        return client;
    }

    public async Task PublishAsync(string channel, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            await Server.Services.Node.Broker.PublishAsync(
                new Publication(channel, new MessageData(DataKind.Json, System.Text.Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)))) { Retention = Retention });
        }
    }

    /// <summary>The offset of the newest message.</summary>
    public async Task<long> TopAsync(string channel) =>
        (await Server.Services.Node.Broker.ReadAsync(channel, new HistoryRequest(null, 1, 1))).Top.Offset;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
    }

    private Retention Retention => Server.Services.Node.Kinds.Find("chat:any").Retention;
}

/// <summary>Reads a subscription and keeps what it tells.</summary>
internal sealed class Reader
{
    private readonly ConcurrentQueue<ChannelEvent> _told = [];
    private readonly Task _reading;

    public Reader(ChannelSubscription room) => _reading = ReadAsync(room);

    public IReadOnlyList<ChannelEvent> Told => [.. _told];

    /// <summary>The messages, as the numbers that they are.</summary>
    public IReadOnlyList<int> Numbers => [.. _told.OfType<ChannelMessage>().Select(static message => message.Read<int>())];

    /// <summary>Waits for so many messages and checks that they are from 1 on, each once and in order.</summary>
    public async Task ExpectAsync(int count)
    {
        await Eventually.TrueAsync(() => Numbers.Count >= count || _reading.IsCompleted, $"{count} messages have come", TimeSpan.FromSeconds(30));
        Assert.Equal(Enumerable.Range(1, count), Numbers);
    }

    private async Task ReadAsync(ChannelSubscription room)
    {
        await foreach (var told in room)
        {
            _told.Enqueue(told);
        }
    }
}
