using Tidings.Channels.Tests.World;

namespace Tidings.Channels.Tests.Units;

/// <summary>What occupancy costs: nothing where nobody asks, and else for the channels that are asked for alone.</summary>
public sealed class OccupancyTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions());
    private readonly SteppedLane _lane;

    public OccupancyTests() => _lane = new SteppedLane(_rig.Time, _rig.Log);

    [Fact]
    public void Where_nobody_asks_no_timer_runs_and_it_stops_with_the_last_who_did()
    {
        var timers = _rig.Time.ArmedTimers;
        var plain = Subscribe("");
        Assert.Equal(timers, _rig.Time.ArmedTimers);
        var watcher = Subscribe(",\"occupancy\":true");
        Assert.Equal(timers + 1, _rig.Time.ArmedTimers);
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        watcher.Run();
        Assert.Equal(["""{"type":"occupancy","channel":"chat:a","subscribers":2}"""], watcher.ReceiveAll());
        watcher.Wire.Cut();
        watcher.Run();
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(timers, _rig.Time.ArmedTimers);
        Assert.Empty(plain.ReceiveAll());
        plain.Wire.Cut();
        plain.Run();
        Assert.Equal(0, _rig.Hub.Channels);
        Assert.Empty(_rig.Log.Failures);
    }

    public void Dispose()
    {
        _rig.Dispose();
        _lane.Dispose();
    }

    private Peer Subscribe(string more)
    {
        var peer = new Peer(_rig, _lane).Send($$"""{"type":"subscribe","channel":"chat:a"{{more}}}""");
        peer.ReceiveAll();
        return peer;
    }
}
