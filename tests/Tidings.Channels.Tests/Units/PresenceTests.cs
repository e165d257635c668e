using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.Units;

/// <summary>G7 on one node: one join and one leave per user, after a grace, and nobody stays behind.</summary>
public sealed class PresenceTests : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly SteppedBroker _broker = new();
    private readonly Rig _rig;
    private readonly SteppedLane _lane;

    public PresenceTests()
    {
        _rig = new Rig(new RigOptions
        {
            Kinds = [new ChannelKind(new ChannelPattern("lobby:*")) { Presence = true, Publish = ChannelAccess.Anyone }],
            Broker = _broker.Around,
        });
        _lane = new SteppedLane(_rig.Time, _rig.Log);
    }

    [Fact]
    public void Each_user_joins_once_and_leaves_once_however_many_tabs_he_has()
    {
        var watcher = new Peer(_rig, _lane, "watcher").Send("""{"type":"subscribe","channel":"lobby:1","presence":true}""");
        watcher.ReceiveAll();
        var tabs = Enumerable.Range(0, 3).Select(_ => Enter("ann")).ToList();
        Assert.Equal(["""{"type":"join","channel":"lobby:1","member":{"user":"ann","connections":1}}"""], watcher.ReceiveAll());
        foreach (var tab in tabs)
        {
            Leave(tab);
            Pass(TimeSpan.FromMinutes(1), watcher);
        }

        Assert.Equal(["""{"type":"leave","channel":"lobby:1","member":{"user":"ann","connections":0}}"""], watcher.ReceiveAll());
    }

    [Fact]
    public void Who_comes_back_within_the_grace_never_left()
    {
        var watcher = new Peer(_rig, _lane, "watcher").Send("""{"type":"subscribe","channel":"lobby:1","presence":true}""");
        var ann = Enter("ann");
        watcher.ReceiveAll();
        Leave(ann);
        Pass(Grace - TimeSpan.FromMilliseconds(1), watcher);
        ann = Enter("ann");
        Pass(Grace, watcher);
        Assert.Empty(watcher.ReceiveAll());
        Leave(ann);
        Pass(Grace - TimeSpan.FromMilliseconds(1), watcher);
        Assert.Empty(watcher.ReceiveAll());
        Pass(TimeSpan.FromMilliseconds(1), watcher);
        Assert.Single(watcher.ReceiveAll());
    }

    [Fact]
    public void A_thousand_departures_need_one_timer()
    {
        var before = _rig.Time.ArmedTimers;
        var peers = Enumerable.Range(0, 1000).Select(i => Enter($"user{i}")).ToList();
        peers.ForEach(Leave);
        Assert.Equal(1, _rig.Time.ArmedTimers - before);
        _rig.Time.Advance(Grace);
        Assert.Equal(before, _rig.Time.ArmedTimers);
        Assert.Equal(0, Count("lobby:1"));
    }

    [Fact]
    public void A_connection_that_ends_while_it_subscribes_is_nobody()
    {
        _broker.Delays = true;
        var ann = Enter("ann");
        ann.Wire.Cut();
        _broker.ReleaseAll();
        ann.Run();
        _rig.Time.Advance(Grace);
        Assert.Equal(0, Count("lobby:1"));
        Assert.Equal(0, _rig.Hub.Channels);
    }

    [Fact]
    public void A_subscription_that_fails_leaves_nothing_behind()
    {
        _broker.Fails = new InvalidOperationException("a mistake of ours");
        var ann = Enter("ann");
        Assert.Contains("\"code\":\"internal\"", ann.Receive());
        _broker.Fails = new BrokerUnavailableException();
        Assert.Contains("\"code\":\"unavailable\"", ann.Send("""{"type":"subscribe","channel":"lobby:1"}""").Receive());
        Assert.Equal(0, _rig.Hub.Channels);
        _broker.Fails = null;
        Assert.Contains("\"subscribed\"", ann.Send("""{"type":"subscribe","channel":"lobby:1"}""").Receive());
        Assert.Equal(1, Count("lobby:1"));
    }

    [Fact]
    public void Each_channel_of_a_subscribe_is_answered_though_one_fails()
    {
        var ann = new Peer(_rig, _lane);
        _broker.Fails = new InvalidOperationException("a mistake of ours");
        _broker.FailsFor = "b";
        ann.Send("""{"type":"subscribe","id":1,"channels":[{"channel":"a"},{"channel":"b"},{"channel":"c"}]}""");
        Assert.Collection(
            ann.ReceiveAll(),
            text => Assert.Contains("\"subscribed\"", text),
            text => Assert.Contains("\"internal\"", text),
            text => Assert.Contains("\"subscribed\"", text));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _lane.Dispose();
    }

    private Peer Enter(string user) => new Peer(_rig, _lane, user).Send("""{"type":"subscribe","channel":"lobby:1"}""");

    private static void Leave(Peer peer)
    {
        peer.Wire.Cut();
        peer.Run();
    }

    private void Pass(TimeSpan time, Peer peer)
    {
        _rig.Time.Advance(time);
        peer.Run();
    }

    private int Count(string channel) => _rig.Presence.ReadAsync(channel, 10).AsTask().GetAwaiter().GetResult().Count;
}
