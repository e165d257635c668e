using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Channels.Tests.World;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Channels.Tests.Units;

/// <summary>What waits is counted once, in a connection and in its lane, whatever it is and however it leaves; and no bound is overrun by what goes into it last.</summary>
public sealed class QueueAccountingTests : IDisposable
{
    private const int QueueBytes = 1_000;
    private const int LaneBytes = 2_000;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(30);

    private readonly Rig _rig = new(new RigOptions());
    private readonly LaneSet _lanes;
    private readonly SteppedLane _lane;
    private readonly ConnectionRegistry _registry;
    private readonly List<Connection> _connections = [];

    public QueueAccountingTests()
    {
        _lanes = new LaneSet(_rig.Time, NullLogger<LaneSet>.Instance);
        _lane = new SteppedLane(_rig.Time, _rig.Log);
        _registry = new ConnectionRegistry(_lanes, new ConnectionLimits(0, 0), _rig.Time, _rig, _rig.Log) { QueueBytesPerLane = LaneBytes };
    }

    [Fact]
    public void A_day_of_heartbeats_leaves_nothing_in_the_count_of_a_lane()
    {
        var (connection, wire) = Connect();
        for (var i = 0; i < 2_880; i++)
        {
            _rig.Time.Advance(Heartbeat);
            Do(() => wire.Bring(RawFrame.Pong()));
            ExpectCounted();
            Assert.Equal(0, _lane.QueuedBytes);
        }

        Assert.Equal(ConnectionState.Open, connection.State);
    }

    [Fact]
    public void Pings_and_pongs_of_a_peer_that_reads_nothing_are_counted_until_they_have_left()
    {
        var (connection, wire) = Connect();
        Do(() => wire.SetRoom(0));
        Do(() => connection.SendText("waits"u8));
        for (var i = 0; i < 20; i++)
        {
            // However many pings come, one pong waits; the heartbeat's own pings wait all.
            Do(() => wire.Bring(RawFrame.Ping("abc"u8.ToArray())));
            _rig.Time.Advance(Heartbeat);
            Do(() => connection.Flush());
            ExpectCounted();
        }

        Assert.InRange(connection.QueuedBytes, 1, QueueBytes);
        Do(() => wire.SetRoom(3));
        ExpectCounted();
        Do(() => wire.SetRoom(long.MaxValue));
        ExpectCounted();
        Assert.Equal(0, _lane.QueuedBytes);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("expel")]
    [InlineData("slow")]
    [InlineData("lost")]
    [InlineData("peer")]
    public void However_a_connection_ends_nothing_of_it_stays_in_the_count(string how)
    {
        var (connection, wire) = Connect();
        Do(() => wire.SetRoom(5));
        Do(() => connection.Send(new byte[100]));
        Do(() => connection.Send(new byte[200]));
        ExpectCounted();
        Do(() =>
        {
            switch (how)
            {
                case "close":
                    connection.CloseNow(DisconnectCode.Goodbye);
                    break;
                case "expel":
                    connection.Expel(DisconnectCode.Forbidden);
                    break;
                case "slow":
                    connection.CloseAsSlow();
                    break;
                case "lost":
                    wire.Cut();
                    break;
                default:
                    wire.Bring(RawFrame.Close());
                    break;
            }
        });
        ExpectCounted();
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        Run();
        Assert.Equal(ConnectionState.Closed, connection.State);
        Assert.Equal(0, _lane.QueuedBytes);
    }

    [Fact]
    public void A_queue_takes_what_fits_to_the_byte_and_not_one_write_more()
    {
        var (connection, wire) = Connect();
        Do(() => wire.SetRoom(0));
        for (var i = 0; i < 10; i++)
        {
            Do(() => connection.Send(new byte[QueueBytes / 10]));
        }

        Assert.Equal((ConnectionState.Open, QueueBytes), (connection.State, connection.QueuedBytes));
        var most = 0;
        Do(() =>
        {
            connection.Send(new byte[1]);
            most = connection.QueuedBytes;
        });
        Assert.Equal(ConnectionState.Closing, connection.State);
        Assert.InRange(most, 0, QueueBytes);
        ExpectCounted();
    }

    [Fact]
    public void A_queue_that_is_nearly_full_is_not_overrun_by_a_large_write()
    {
        var (connection, wire) = Connect();
        Do(() => wire.SetRoom(0));
        Do(() => connection.Send(new byte[QueueBytes - 1]));
        var most = 0;
        Do(() =>
        {
            connection.Send(new byte[QueueBytes]);
            most = connection.QueuedBytes;
        });
        Assert.Equal(ConnectionState.Closing, connection.State);
        Assert.InRange(most, 0, QueueBytes);
    }

    [Fact]
    public void One_message_of_any_size_may_wait_alone()
    {
        var (connection, wire) = Connect();
        Do(() => wire.SetRoom(0));
        Do(() => connection.Send(new byte[10 * QueueBytes]));
        Assert.Equal((ConnectionState.Open, 10 * QueueBytes), (connection.State, connection.QueuedBytes));
        ExpectCounted();
    }

    [Fact]
    public void The_bound_of_a_lane_is_not_overrun_by_those_who_read_nothing_and_leaves_those_alone_who_read()
    {
        var slow = Enumerable.Range(0, 4).Select(_ => Connect()).ToList();
        var (reader, _) = Connect();
        foreach (var (connection, wire) in slow)
        {
            Do(() => wire.SetRoom(0));
            Do(() => connection.Send(new byte[400]));
        }

        Assert.Equal(1_600, _lane.QueuedBytes);
        Do(() => slow[0].Connection.Send(new byte[400]));
        Assert.Equal((ConnectionState.Open, LaneBytes), (slow[0].Connection.State, _lane.QueuedBytes));
        Do(() =>
        {
            slow[1].Connection.Send(new byte[1]);
            Assert.InRange(_lane.QueuedBytes, 0, LaneBytes);
        });
        Assert.Equal(ConnectionState.Closing, slow[1].Connection.State);
        Do(() => reader.Send(new byte[500]));
        Assert.Equal((ConnectionState.Open, 0), (reader.State, reader.QueuedBytes));
        ExpectCounted();
    }

    public void Dispose()
    {
        _lane.Dispose();
        _lanes.Dispose();
        _rig.Dispose();
    }

    private (Connection Connection, MemoryWire Wire) Connect()
    {
        var wire = new MemoryWire(static _ => { });
        var settings = _rig.Settings with { QueueBytes = QueueBytes, Heartbeat = Heartbeat, Messages = new MessageRules(QueueBytes, QueueBytes, Text: true, Binary: true) };
        _registry.Enter(default);
        var connection = new Connection(_lane, settings, new Silent(), _registry);
        connection.Attach(wire);
        _connections.Add(connection);
        Run();
        return (connection, wire);
    }

    private void ExpectCounted() => Assert.Equal(_connections.Sum(static connection => connection.QueuedBytes), _lane.QueuedBytes);

    private void Do(Action action)
    {
        _lane.Post(new LaneAction(action));
        Run();
    }

    private void Run()
    {
        while (_lane.IsAwake)
        {
            _lane.RunTurn();
        }

        Assert.Empty(_rig.Log.Failures);
    }

    private sealed class Silent : ConnectionHandler
    {
        public override string ProtocolName => "silent";

        public override void OnText(Connection connection, ReadOnlySpan<byte> text)
        {
        }
    }
}
