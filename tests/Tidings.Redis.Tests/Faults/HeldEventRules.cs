using System.Text.Json;
using TestKit;
using Tidings.Events;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

/// <summary>What begins and ends on a node while the shared store is away, or does not know what the node holds, is told once.</summary>
public abstract class HeldEventRules
{
    private const int Code = 4321;

    [Fact]
    public async Task What_begins_and_ends_while_nothing_can_be_stored_is_told_with_its_own_end()
    {
        await using var proxy = new FaultProxy(Port);
        await using var receiver = await EventBackEnd.StartAsync();
        await using var node = await StartAsync(Through(proxy.Port), receiver);
        var recorder = node.Services.Node.Events.Recorder;
        Open(recorder, 1, "stays");
        Open(recorder, 2, "goes");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Connections.SequenceEqual(["goes", "stays"]), "both are there");
        await proxy.StopListeningAsync();
        proxy.CutAll();

        // What is under way is tried again as it is: what follows waits behind it.
        Open(recorder, 3, "under way");
        await Eventually.TrueAsync(async () => !await node.IsReadyAsync(), static () => "it is away");
        await recorder.StoredAsync(default);
        Open(recorder, 4, "passes");
        recorder.Closed(-4, Code, "Passes");
        recorder.Closed(-3, Code, "Under way");
        recorder.Closed(-2, Code, "Goes");
        proxy.Listen();
        await Eventually.TrueAsync(
            () => Task.FromResult(new EventLedger(receiver.Taken) is { Count: 7 } now && now.Connections.SequenceEqual(["stays"]) && now.Knows("passes")),
            () => $"all is told: {Told(receiver)}",
            TimeSpan.FromSeconds(30));
        Assert.Empty(new EventLedger(receiver.Taken).Faults);
        Assert.All(receiver.Taken.Where(static one => one.GetProperty("type").GetString() == "connection.closed"), static one => Assert.Equal(Code, one.GetProperty("data").GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task What_begins_and_ends_where_it_is_not_known_what_the_node_holds_is_told_once()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var node = await StartAsync(Through(Port), receiver);
        var recorder = node.Services.Node.Events.Recorder;
        Open(recorder, 1, "before");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Knows("before"), "it stores");
        recorder.Closed(-1, Code, "Before");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Count == 2, "nothing is held");
        await ForgetAsync();
        for (var i = 2; i < 300; i++)
        {
            Open(recorder, i, $"passes {i}");
            recorder.Closed(-i, Code, "Passes");
        }

        Open(recorder, 300, "stays");
        await Eventually.TrueAsync(
            () => Task.FromResult(new EventLedger(receiver.Taken) is { Count: 599 } now && now.Connections.SequenceEqual(["stays"])),
            () => $"all is told: {Told(receiver)}",
            TimeSpan.FromSeconds(30));
        Assert.Empty(new EventLedger(receiver.Taken).Faults);
    }

    /// <summary>Where the server is.</summary>
    private protected abstract int Port { get; }

    /// <summary>How a node reaches it over a port.</summary>
    private protected abstract string Through(int port);

    /// <summary>Has it forget what all nodes hold.</summary>
    private protected abstract Task ForgetAsync();

    private static void Open(EventRecorder recorder, long number, string connection) => recorder.Opened(-number, new EventSubject { Connection = connection, Transport = "websocket" });

    private static Task<ClusterNode> StartAsync(string shared, EventBackEnd receiver) => ClusterNode.StartAsync(shared, time: null, ("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret));

    private static string Told(EventBackEnd receiver) => string.Join(", ", receiver.Taken.TakeLast(12).Select(static one => $"{one.GetProperty("type").GetString()} {Connection(one)}"));

    private static string? Connection(JsonElement one) => one.TryGetProperty("connection", out var connection) ? connection.GetString() : null;
}
