using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

/// <summary>F25: a node is killed while the receiver is away, and half of its clients come back elsewhere. What the back end knows 15 s later is what is so, and each connection was opened
/// and closed once.</summary>
public sealed class F25_BackEndEvents
{
    private const int Clients = 20;

    private static readonly TimeSpan True = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_killed_nodes_connections_are_closed_once_and_what_is_told_is_what_is_there()
    {
        await using var redis = await RedisServer.StartAsync();
        var receiver = await EventBackEnd.StartAsync();
        await using var one = Start(redis, receiver);
        await using var two = Start(redis, receiver);
        var (first, second) = ((await one.ListeningAsync()).Port, (await two.ListeningAsync()).Port);
        var gone = await ConnectAsync(first, "gone", Clients);
        var stay = await ConnectAsync(second, "stay", Clients);
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Connections.Count() == 2 * Clients, "all are there");

        // The receiver first, so that what is under way when the node dies is told by nobody.
        var port = new Uri(receiver.Url).Port;
        await receiver.DisposeAsync();
        var killed = TimeProvider.System.GetTimestamp();
        await one.SignalAsync("KILL");
        var back = await ConnectAsync(second, "gone", Clients / 2);
        await using var again = await EventBackEnd.StartAsync(port);
        var expected = stay.Concat(back).Select(static client => client.Id).Order(StringComparer.Ordinal).ToList();
        var members = Enumerable.Range(0, Clients).Select(static i => $"here:stay stay{i}").Concat(Enumerable.Range(0, Clients / 2).Select(static i => $"here:gone gone{i}")).Order(StringComparer.Ordinal).ToList();
        EventLedger Ledger() => new(receiver.Taken.Concat(again.Taken));
        await Eventually.TrueAsync(
            () => Task.FromResult(Ledger() is var now && now.Connections.SequenceEqual(expected) && now.Members.SequenceEqual(members) && now.Channels.SequenceEqual(["here:gone", "here:stay"])),
            () => $"{Ledger().Connections.Count()} connections, {Ledger().Members.Count()} members, {string.Join(' ', Ledger().Channels)}, faults {string.Join("; ", Ledger().Faults.Take(3))}",
            TimeSpan.FromSeconds(25));
        Assert.InRange(TimeProvider.System.GetElapsedTime(killed), TimeSpan.Zero, True + TimeSpan.FromSeconds(5));
        Assert.Empty(Ledger().Faults);
        foreach (var (socket, _) in gone.Concat(stay).Concat(back))
        {
            await socket.DisposeAsync();
        }

        await Eventually.TrueAsync(() => Ledger() is var now && !now.Connections.Concat(now.Channels).Concat(now.Members).Any(), "nobody is there");
        Assert.Empty(Ledger().Faults);
    }

    private static ServerProcess Start(RedisServer redis, EventBackEnd receiver) => ServerProcess.Start(
        $"serve --urls http://127.0.0.1:0 --redis {redis.Address}",
        ("Tidings__Jwt__Secret", ClusterNode.Secret),
        ("Tidings__AdminKey", "admin-key-of-the-tests"),
        ("Tidings__Channels__0__Pattern", "here:*"),
        ("Tidings__Channels__0__Presence", "true"),
        ("Tidings__Events__0__Url", receiver.Url),
        ("Tidings__Events__0__Secret", EventBackEnd.Secret));

    private static async Task<List<(RawWebSocket Socket, string Id)>> ConnectAsync(int port, string name, int count)
    {
        var clients = new List<(RawWebSocket, string)>();
        for (var i = 0; i < count; i++)
        {
            var socket = await RawWebSocket.ConnectAsync(port, $"/connect?ping=frame&token={ClusterNode.TokenOf($"{name}{i}")}");
            var id = System.Text.Json.JsonElement.Parse(await socket.ReceiveTextAsync()).GetProperty("connection").GetString()!;
            await socket.SendTextAsync($$"""{"type":"subscribe","channel":"here:{{name}}"}""");
            await socket.ReceiveTextAsync();
            clients.Add((socket, id));
        }

        return clients;
    }
}
