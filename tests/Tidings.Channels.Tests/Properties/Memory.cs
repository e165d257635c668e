using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Connections;
using Tidings.Messages;
using Tidings.Presence;

namespace Tidings.Channels.Tests.Properties;

/// <summary>What things cost in memory: measured and printed, not judged. <c>-explicit only -class *Memory</c> runs it.</summary>
public sealed class Memory(ITestOutputHelper output)
{
    private const int Million = 1_000_000;

    [Fact(Explicit = true)]
    public void A_million_channels()
    {
        using var rig = new Rig(new RigOptions());
        var names = Enumerable.Range(0, Million).Select(i => $"chat:{i:0000000}").ToArray();
        var (threads, timers) = (System.Diagnostics.Process.GetCurrentProcess().Threads.Count, rig.Time.ArmedTimers);
        Measure("a channel that somebody read, without messages", Million, () => Array.ForEach(names, name => _ = rig.Broker.ReadAsync(name, default).AsTask()));
        Measure("its first message of 128 bytes, kept", Million, () => Array.ForEach(names, name => _ = rig.Broker.PublishAsync(
            new Publication(name, new MessageData(DataKind.Json, new byte[128]))).AsTask()));
        output.WriteLine($"{rig.Logs} channels, {System.Diagnostics.Process.GetCurrentProcess().Threads.Count - threads} more threads, {rig.Time.ArmedTimers - timers} more timers");
        GC.KeepAlive(names);
    }

    [Fact(Explicit = true)]
    public void Connections_and_subscriptions()
    {
        const int Count = 100_000;
        using var rig = new Rig(new RigOptions());
        using var lane = new SteppedLane(rig.Time, rig.Log);
        var connections = new Connection[Count];
        var wire = new IdleWire();
        Measure("a connection of /connect without its wire", Count, () =>
        {
            for (var i = 0; i < Count; i++)
            {
                connections[i] = NewConnection(rig, lane, wire);
            }

            Run(lane);
        });
        Measure("its subscription to one channel that all are in", Count, () => Subscribe(lane, connections, _ => "chat:all"));
        Measure("its subscription to a channel of its own, the channel with it", Count, () => Subscribe(lane, connections, i => $"chat:{i:0000000}"));
        Measure("its third subscription, to one that all are in", Count, () => Subscribe(lane, connections, _ => "chat:more"));
        Assert.Empty(rig.Log.Failures);
        GC.KeepAlive(connections);
    }

    [Fact(Explicit = true)]
    public void Presence()
    {
        const int Count = 100_000;
        using var rig = new Rig(new RigOptions());
        var users = Enumerable.Range(0, Count).Select(i => $"user{i:0000000}").ToArray();
        Measure("a member", Count, () => Array.ForEach(users, user => _ = rig.Presence.JoinAsync(Attendance(user)).AsTask()));
        Measure("a departure within its grace", Count, () => Array.ForEach(users, user => _ = rig.Presence.LeaveAsync(Attendance(user)).AsTask()));
        output.WriteLine($"{rig.Time.ArmedTimers} timers");
    }

    private static Attendance Attendance(string user) => new("lobby", user, user, PresenceTerms.Default);

    private static Connection NewConnection(Rig rig, SteppedLane lane, Wire wire)
    {
        rig.Registry.Enter(default);
        var connection = new Connection(lane, rig.Settings, rig.Channels, rig.Registry);
        rig.Channels.Begin(connection);
        connection.Attach(wire);
        return connection;
    }

    private static void Subscribe(SteppedLane lane, Connection[] connections, Func<int, string> channel)
    {
        for (var i = 0; i < connections.Length; i++)
        {
            var (connection, frame) = (connections[i], TestKit.RawFrame.OfText($$"""{"type":"subscribe","channel":"{{channel(i)}}"}""").ToBytes());
            lane.Post(new LaneAction(() => connection.Receive(frame)));
            if (i % 1000 == 0)
            {
                Run(lane);
            }
        }

        Run(lane);
    }

    private static void Run(SteppedLane lane)
    {
        while (lane.IsAwake)
        {
            lane.RunTurn();
        }
    }

    private void Measure(string what, int count, Action make)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        make();
        output.WriteLine($"{(GC.GetTotalMemory(forceFullCollection: true) - before) / count,6} bytes: {what}");
    }

    /// <summary>One that takes everything, for all.</summary>
    private sealed class IdleWire : Wire
    {
        public override void Start(Connection connection)
        {
        }

        public override FlushResult Flush(ref OutboundQueue queue)
        {
            queue.Advance(queue.Bytes);
            return FlushResult.Drained;
        }

        public override void SetReading(bool reading)
        {
        }

        public override bool TryEndOutput() => false;

        public override void Close()
        {
        }
    }
}
