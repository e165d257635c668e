using System.Text;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Channels.Tests.Units;

/// <summary>What a lane makes of the messages of one turn.</summary>
public sealed class FanOutTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions());
    private readonly SteppedLane _lane;
    private readonly Peer _peer;
    private readonly PickyDialect _dialect = new();

    public FanOutTests()
    {
        _lane = new SteppedLane(_rig.Time, _rig.Log);
        _peer = new Peer(_rig, _lane);
        _rig.Hub.TryJoin(new Subscription(_peer.Connection, _dialect), "c");
        _peer.Run();
    }

    [Theory]
    [InlineData("-", "-"), InlineData("-", "-", "-"), InlineData("a"), InlineData("a", "b"), InlineData("-", "a"), InlineData("a", "-"), InlineData("-", "a", "-", "b", "-")]
    public void Messages_of_one_turn_come_in_order_and_those_left_out_are_nothing(params string[] texts)
    {
        Say(1, "first");
        _peer.Run();
        for (var i = 0; i < texts.Length; i++)
        {
            Say(2 + i, texts[i]);
        }

        _peer.Run();
        Say(2 + texts.Length, "last");
        _peer.Run();
        Assert.Equal(["first", .. texts.Where(static text => text != "-"), "last"], _peer.ReceiveAll());
        Assert.Equal(0, _dialect.Misses);
    }

    [Fact]
    public void A_channel_takes_as_many_as_its_limit_and_one_more_once_somebody_has_left()
    {
        var second = new Subscription(_peer.Connection, _dialect);
        Assert.False(_rig.Hub.TryJoin(second, "c", limit: 1));
        Assert.Equal(1, _rig.Hub.Subscriptions);
        Assert.True(_rig.Hub.TryJoin(second, "c", limit: 2));
        Assert.False(_rig.Hub.TryJoin(new Subscription(_peer.Connection, _dialect), "c", limit: 2));
        _rig.Hub.Leave(second);
        Assert.True(_rig.Hub.TryJoin(new Subscription(_peer.Connection, _dialect), "c", limit: 2));
        Assert.Equal(2, _rig.Hub.Subscriptions);
    }

    [Fact]
    public void Two_gaps_of_one_turn_that_nobody_misses_anything_by_are_nothing()
    {
        Say(7, "first");
        _peer.Run();
        Say(5, "", MessageKind.Gap);
        Say(6, "", MessageKind.Gap);
        _peer.Run();
        Assert.Equal(["first"], _peer.ReceiveAll());
        Assert.Equal(0, _dialect.Misses);
    }

    [Fact]
    public void What_is_left_out_sends_nothing_to_those_who_are_not_excepted_either()
    {
        var sent = _lane.Traffic.MessagesSent;
        _rig.Hub.Deliver(new Message
        {
            Channel = "c", Position = default, Time = 0, Data = MessageData.Text("-"), Except = ExceptList.OfConnections(["somebody"]),
        });
        _peer.Run();
        Say(1, "first");
        _peer.Run();
        Assert.Equal(["first"], _peer.ReceiveAll());
        Assert.Equal(1, _lane.Traffic.MessagesSent - sent);
    }

    [Fact]
    public void What_was_missed_before_an_excepted_message_is_told()
    {
        Say(1, "first");
        _peer.Run();
        _rig.Hub.Deliver(new Message
        {
            Channel = "c", Position = new StreamPosition("e", 5), Time = 0, Data = MessageData.Text("fifth"), Except = ExceptList.OfConnections(["somebody"]),
        });
        Say(6, "sixth");
        _peer.Run();
        Assert.Equal(["first", "fifth", "sixth"], _peer.ReceiveAll());
        Assert.Equal(1, _dialect.Misses);
    }

    public void Dispose()
    {
        _lane.Dispose();
        _rig.Dispose();
    }

    private void Say(long offset, string text, MessageKind kind = MessageKind.Message) =>
        _rig.Hub.Deliver(new Message { Kind = kind, Channel = "c", Position = new StreamPosition("e", offset), Time = 0, Data = MessageData.Text(text) });

    // Leaves out each "-", as a filter does.
    private sealed class PickyDialect : Dialect
    {
        public int Misses { get; private set; }

        public override void Missed(Subscription subscription) => Misses++;

        public override byte[] Encode(Message message) => Encoding.UTF8.GetString(message.Data.Bytes.Span) is var text and not "-" ? Frame.Text(Encoding.UTF8.GetBytes(text)) : [];
    }
}
