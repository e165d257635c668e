using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>Who may do what, and users who claim to be somebody else, as Penpot #11067.</summary>
public sealed class B28_Permissions() : CommandAttack(new RigOptions
{
    Kinds =
    [
        new ChannelKind(new ChannelPattern("open:*")) { Publish = ChannelAccess.Anyone, Presence = true },
        new ChannelKind(new ChannelPattern("users:*")) { Publish = ChannelAccess.Users, Subscribe = ChannelAccess.Users, Presence = true },
        new ChannelKind(new ChannelPattern("closed:*")) { Subscribe = ChannelAccess.Server, Presence = true },
        new ChannelKind(new ChannelPattern("*")),
    ],
    Send = ChannelAccess.Anyone,
})
{
    private const string No = "not_allowed";

    [Theory]
    [InlineData(null, "open:a", "subscribed", "published", "history", "presence")]
    [InlineData(null, "users:a", No, No, No, No)]
    [InlineData("ann", "users:a", "subscribed", "published", "history", "presence")]
    [InlineData("ann", "closed:a", No, No, No, No)]
    [InlineData("ann", "user:ann", "subscribed", No, "history", No)]
    [InlineData("ann", "user:bob", No, No, No, No)]
    [InlineData("ann", "user:ann:x", No, No, No, No)]
    [InlineData("ann", "user:an", No, No, No, No)]
    [InlineData(null, "user:", No, No, No, No)]
    [InlineData(null, "other:a", "subscribed", No, "history", No)]
    public void The_whole_matrix(string? user, string channel, string subscribe, string publish, string history, string presence)
    {
        var peer = NewPeer(user);
        Assert.Equal(subscribe, CodeOf(peer.Send($$"""{"type":"subscribe","channel":"{{channel}}"}""").ReceiveAll()[0]));
        Assert.Equal(publish, CodeOf(peer.Send($$"""{"type":"publish","channel":"{{channel}}","data":1}""").ReceiveAll().First(text => !text.Contains("\"type\":\"message\""))));
        Assert.Equal(history, CodeOf(peer.Send($$"""{"type":"history","channel":"{{channel}}"}""").ReceiveAll()[^1]));
        Assert.Equal(presence, CodeOf(peer.Send($$"""{"type":"presence","channel":"{{channel}}"}""").ReceiveAll()[^1]));
        var recover = NewPeer(user).Send($$$"""{"type":"subscribe","channel":"{{{channel}}}","since":{"epoch":"e","offset":0}}""").Receive();
        Assert.Equal(subscribe, CodeOf(recover));
    }

    [Fact]
    public void What_is_forbidden_and_what_is_not_there_look_the_same()
    {
        _ = Rig.Broker.PublishAsync(new Publication("closed:there", MessageData.Text("x"))).AsTask();
        var peer = NewPeer("ann");
        foreach (var command in new[] { "subscribe", "publish", "history", "presence" })
        {
            var there = peer.Send($$"""{"type":"{{command}}","channel":"closed:there","data":1}""").Receive();
            var absent = peer.Send($$"""{"type":"{{command}}","channel":"closed:absent","data":1}""").Receive();
            Assert.Equal(there, absent);
        }
    }

    [Fact]
    public void Nobody_is_taken_for_somebody_else()
    {
        var watcher = NewPeer("watcher").Send("""{"type":"subscribe","channel":"open:a","presence":true}""");
        watcher.ReceiveAll();
        var mallory = NewPeer().Send(
            """{"type":"subscribe","channel":"open:a","user":"ann","member":{"user":"ann"},"info":{"name":"Ann"}}""",
            """{"type":"publish","channel":"open:a","data":1,"from":"ann","user":"ann","time":1}""");
        watcher.Run();
        Assert.Collection(
            watcher.ReceiveAll(),
            join => Assert.Contains($"\"user\":\"~{mallory.Id}\"", join),
            message => Assert.DoesNotContain("\"ann\"", message));
        mallory.Send($$"""{"type":"send","to":"{{watcher.Id}}","data":1,"from":"ann"}""");
        watcher.Run();
        Assert.Equal($$"""{"type":"direct","connection":"{{mallory.Id}}","data":1}""", watcher.Receive());
    }
}
