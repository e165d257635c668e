using System.Text;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Sessions;

namespace Tidings.Channels.Tests.Units;

/// <summary>The order of what one subscription sees, and what it may cost.</summary>
public sealed class SubscriptionTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions
    {
        QueueBytes = 64 * 1024,
        Kinds =
        [
            new ChannelKind(new ChannelPattern("feed:*")) { Publish = ChannelAccess.Anyone, SlowConsumers = SlowConsumerPolicy.Skip },
            new ChannelKind(new ChannelPattern("*")) { Publish = ChannelAccess.Anyone },
        ],
    });

    private readonly SteppedLane _lane;

    public SubscriptionTests() => _lane = new SteppedLane(_rig.Time, _rig.Log);

    [Fact]
    public void Nothing_of_a_channel_comes_after_unsubscribed()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a"}""");
        peer.ReceiveAll();
        peer.Send("""{"type":"publish","channel":"a","data":1}""", """{"type":"unsubscribe","channel":"a"}""", """{"type":"publish","channel":"a","data":2}""");
        Assert.DoesNotContain(peer.ReceiveAll().SkipWhile(text => !text.Contains("unsubscribed")), text => text.Contains("\"message\""));
    }

    [Fact]
    public void A_recovery_of_messages_that_do_not_fit_the_queue_together_comes_to_its_end()
    {
        for (var i = 0; i < 20; i++)
        {
            Publish("a", new string('x', i % 2 == 0 ? 30_000 : 40_000));
        }

        var peer = new Peer(_rig, _lane);
        peer.Wire.SetRoom(0);
        peer.Send("""{"type":"subscribe","channel":"a","last":20}""");
        for (var i = 0; i < 400 && peer.CloseCode is null; i++)
        {
            _lane.Post(new LaneAction(() => peer.Wire.SetRoom(5_000)));
            peer.Run();
        }

        Assert.Null(peer.CloseCode);
        Assert.Equal(20, peer.ReceiveAll().Count(text => text.Contains("\"message\"")));
    }

    [Fact]
    public void A_conflating_reader_is_told_when_the_newest_of_a_key_is_dropped()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a","conflate":true}""");
        peer.ReceiveAll();
        peer.Wire.SetRoom(0);
        for (var i = 0; i < 1000; i++)
        {
            Publish("a", new string('x', 200), key: $"k{i}");
            peer.Run();
        }

        Read(peer);
        var all = peer.ReceiveAll();
        Assert.Single(all, text => text.Contains("\"gap\"") && text.Contains("\"reason\":\"slow\""));
        Assert.True(all.Count < 600);
        Assert.Contains("\"offset\":1000", all[^1]);
    }

    [Fact]
    public void A_conflating_reader_gets_the_newest_of_each_key_and_no_gap()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a","conflate":true}""");
        peer.ReceiveAll();
        peer.Wire.SetRoom(0);
        for (var i = 0; i < 1000; i++)
        {
            Publish("a", new string('x', 200), key: $"k{i % 3}");
            peer.Run();
        }

        Read(peer);
        var all = peer.ReceiveAll();
        Assert.DoesNotContain(all, text => text.Contains("\"gap\""));
        Assert.Equal(["998", "999", "1000"], all.TakeLast(3).Select(OffsetOf));
    }

    [Fact]
    public void What_is_said_in_passing_takes_no_kept_message_s_place()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a","conflate":true}""");
        peer.Wire.SetRoom(0);
        for (var i = 0; i < 300; i++)
        {
            Publish("a", new string('x', 200), "filling");
        }

        Publish("a", "kept", "k");
        Publish("a", "passing", "k", ephemeral: true);
        Read(peer);
        Assert.Equal(2, peer.ReceiveAll().Count(text => text.Contains("\"key\":\"k\"")));
    }

    [Fact]
    public void A_reader_that_may_skip_holds_a_bounded_number_of_bytes()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"feed:a"}""");
        peer.ReceiveAll();
        peer.Wire.SetRoom(0);
        for (var i = 0; i < 200; i++)
        {
            Publish("feed:a", new string('x', 10_000));
            peer.Run();
        }

        var session = (ChannelSession)peer.Connection.Tag!;
        Assert.InRange(session.All[0].Subscription.HeldBytes, 1, 64 * 1024);
        Assert.InRange(peer.Connection.QueuedBytes, 1, 64 * 1024);
        Read(peer);
        var all = peer.ReceiveAll();
        Assert.Single(all, text => text.Contains("\"gap\""));
        Assert.Equal("200", OffsetOf(all[^1]));
    }

    [Fact]
    public async Task A_hole_in_what_the_broker_delivers_is_told_to_those_who_are_live()
    {
        var peer = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a"}""");
        Publish("a", "1");
        Publish("a", "2");
        peer.Run();
        peer.ReceiveAll();
        var epoch = (await _rig.Broker.ReadAsync("a", default)).Top.Epoch;
        _rig.Hub.Deliver(new Message { Channel = "a", Position = new(epoch, 6), Time = 0, Data = new MessageData(DataKind.Json, "6"u8.ToArray()) });
        peer.Run();
        Assert.Equal($$"""{"type":"gap","channel":"a","epoch":"{{epoch}}","offset":5,"from":3,"to":5,"reason":"trimmed"}""", peer.Receive());
        Assert.Equal("6", OffsetOf(peer.Receive()));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _lane.Dispose();
    }

    private static string OffsetOf(string message) => System.Text.Json.JsonDocument.Parse(message).RootElement.GetProperty("offset").GetRawText();

    private void Read(Peer peer)
    {
        _lane.Post(new LaneAction(() => peer.Wire.SetRoom(long.MaxValue)));
        peer.Run();
    }

    private void Publish(string channel, string text, string? key = null, bool ephemeral = false) =>
        _ = _rig.Broker.PublishAsync(new Publication(channel, new MessageData(DataKind.Json, Encoding.UTF8.GetBytes($"\"{text}\""))) { Key = key, Ephemeral = ephemeral }).AsTask();
}
