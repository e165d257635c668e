using Tidings.Channels.Tests.World;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.Units;

/// <summary>Subscriptions have a sum, of which a sender may have as many as are still free.</summary>
public sealed class SubscriptionShareTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions
    {
        Places = 30,
        Kinds = [new ChannelKind(new ChannelPattern("chat:*")), new ChannelKind(new ChannelPattern("here:*")) { Presence = true }],
    });

    private readonly SteppedLane _lane;

    public SubscriptionShareTests() => _lane = new SteppedLane(_rig.Time, _rig.Log);

    [Fact]
    public void One_user_takes_half_over_all_its_connections_and_others_find_room()
    {
        Peer[] mallory = [new(_rig, _lane, "mallory"), new(_rig, _lane, "mallory")];
        Assert.Equal(15, mallory.Sum(peer => Fill(peer, "chat:")));
        Assert.Equal(8, Fill(new Peer(_rig, _lane, "ann"), "chat:"));
        Assert.Equal(2, Fill(new Peer(_rig, _lane, "bob"), "here:"));
        Assert.Contains("\"subscribed\"", new Peer(_rig, _lane, "cid").Send("""{"type":"subscribe","channel":"chat:x"}""").Receive());
    }

    [Fact]
    public void Everything_is_given_back()
    {
        var ann = new Peer(_rig, _lane, "ann");
        Assert.Equal(8, Fill(ann, "here:"));
        ann.Send("""{"type":"unsubscribe","channel":"here:0"}""");
        Assert.Equal(14, _rig.Places.Taken);
        ann.Wire.Cut();
        ann.Run();
        Assert.Equal((0, 0), (_rig.Places.Taken, _rig.Places.Senders));
    }

    public void Dispose()
    {
        _lane.Dispose();
        _rig.Dispose();
    }

    private static int Fill(Peer peer, string prefix)
    {
        for (var i = 0; i < 100; i++)
        {
            var answer = peer.Send($$"""{"type":"subscribe","channel":"{{prefix}}{{i}}"}""").Receive();
            if (!answer.Contains("\"subscribed\"", StringComparison.Ordinal))
            {
                Assert.Contains("\"too_many\"", answer);
                return i;
            }
        }

        return 100;
    }
}
