using System.Text.Json;
using TestKit;
using Tidings.Connections;
using Tidings.Sessions;

namespace Tidings.Channels.Tests.World;

/// <summary>One client of a rig on a lane that runs only when a test says so.</summary>
internal sealed class Peer
{
    private readonly SteppedLane _lane;
    private readonly Queue<string> _received = [];

    public Peer(Rig rig, SteppedLane lane, string? user = null)
    {
        _lane = lane;
        Wire = new MemoryWire(Receive);
        Connection = rig.Connect(lane, Wire, user: user);
        Run();
        _received.Clear();
    }

    public MemoryWire Wire { get; }
    public Connection Connection { get; }
    public int? CloseCode { get; private set; }
    public string Id => ((ChannelSession)Connection.Tag!).Id;

    /// <summary>Sends commands and has the lane do all there is to do.</summary>
    public Peer Send(params IEnumerable<string> commands)
    {
        foreach (var command in commands)
        {
            _lane.Post(new LaneAction(() => Wire.Bring(RawFrame.OfText(command))));
        }

        Run();
        return this;
    }

    public void Run()
    {
        while (_lane.IsAwake)
        {
            _lane.RunTurn();
        }
    }

    public string Receive() => _received.TryDequeue(out var text) ? text : throw new ExpectationException("Nothing came.");

    public JsonElement ReceiveJson() => JsonDocument.Parse(Receive()).RootElement;

    public void ExpectNothing() => Assert.Empty(_received);

    public IReadOnlyList<string> ReceiveAll()
    {
        var all = _received.ToList();
        _received.Clear();
        return all;
    }

    private void Receive(RawFrame frame)
    {
        if (frame.Opcode == RawFrame.CloseOpcode)
        {
            CloseCode = RawWebSocket.CodeOf(frame);
        }
        else
        {
            _received.Enqueue(frame.Text);
        }
    }
}
