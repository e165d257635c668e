using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Units;

/// <summary>Histories that wait for readers who read nothing have a sum, of which a sender may have as much as is still free.</summary>
public sealed class BacklogShareTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions { Backlogs = 200 });
    private readonly SteppedLane _lane;

    public BacklogShareTests() => _lane = new SteppedLane(_rig.Time, _rig.Log);

    [Fact]
    public async Task Who_reads_nothing_is_closed_as_slow_and_others_recover()
    {
        await FillAsync("chat:a", 100);
        await FillAsync("chat:b", 100);
        await FillAsync("chat:c", 30);
        var mallory = new Peer(_rig, _lane, "mallory");
        mallory.Wire.SetRoom(0);
        mallory.Send("""{"type":"subscribe","channel":"chat:a","last":100}""");
        Assert.Null(mallory.CloseCode);
        Assert.InRange(_rig.Registry.Backlogs.Taken, 80, 130);

        var again = new Peer(_rig, _lane, "mallory");
        again.Wire.SetRoom(0);
        again.Send("""{"type":"subscribe","channel":"chat:b","last":100}""");
        ReadOn(again);
        Assert.Equal(1013, again.CloseCode);

        var ann = new Peer(_rig, _lane, "ann");
        ann.Wire.SetRoom(0);
        ann.Send("""{"type":"subscribe","channel":"chat:c","last":30}""");
        ReadOn(ann);
        Assert.Equal(31, ann.ReceiveAll().Count);

        ReadOn(mallory);
        Assert.Equal(101, mallory.ReceiveAll().Count);
        Assert.Equal((0, 0), (_rig.Registry.Backlogs.Taken, _rig.Registry.Backlogs.Senders));
    }

    [Fact]
    public async Task What_waited_is_given_back_when_the_reader_goes()
    {
        await FillAsync("chat:a", 100);
        var mallory = new Peer(_rig, _lane, "mallory");
        mallory.Wire.SetRoom(0);
        mallory.Send("""{"type":"subscribe","channel":"chat:a","last":100}""");
        Assert.NotEqual(0, _rig.Registry.Backlogs.Taken);
        mallory.Wire.Cut();
        mallory.Run();
        Assert.Equal((0, 0), (_rig.Registry.Backlogs.Taken, _rig.Registry.Backlogs.Senders));
    }

    public void Dispose()
    {
        _lane.Dispose();
        _rig.Dispose();
    }

    private void ReadOn(Peer peer)
    {
        _lane.Post(new LaneAction(() => peer.Wire.SetRoom(long.MaxValue)));
        peer.Run();
    }

    private async Task FillAsync(string channel, int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            await _rig.Broker.PublishAsync(new Publication(channel, MessageData.Text(new string('x', 1000))));
        }
    }
}
