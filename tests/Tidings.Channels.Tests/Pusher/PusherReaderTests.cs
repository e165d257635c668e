using System.Text;
using Tidings.AspNetCore.Pusher;
using Tidings.Protocol.Commands;

namespace Tidings.Channels.Tests.Pusher;

public sealed class PusherReaderTests
{
    private static readonly PusherApp App = new(new PusherAppOptions { Id = "1", Key = "key", Secret = "a-secret-of-sixteen", Prefix = "shop:" }, [new PusherAppOptions { Prefix = "shop:us:" }]);

    private static readonly string[] Messages =
    [
        """{"event":"pusher:ping","data":{}}""",
        """{"event":"pusher:subscribe","data":{"auth":"key:abc","channel_data":"{\"user_id\":\"7\"}","channel":"presence-room"}}""",
        """{"event":"pusher:subscribe","data":"{\"channel\":\"news\"}"}""",
        """{"event":"pusher:unsubscribe","data":{"channel":"news"}}""",
        """{"event":"pusher:signin","data":{"auth":"key:abc","user_data":"{\"id\":\"7\"}"}}""",
        """{"event":"client-typing","channel":"private-x","data":{"on":true,"text":"\n"}}""",
    ];

    [Fact]
    public void Channels_get_the_prefix_and_users_their_own_channel()
    {
        Assert.Equal(("shop:news", CommandType.Subscribe), Read("""{"event":"pusher:subscribe","data":{"channel":"news"}}"""));
        Assert.Equal(("user:shop:7", CommandType.Subscribe), Read("""{"event":"pusher:subscribe","data":{"channel":"#server-to-user-7"}}"""));
        foreach (var channel in new[] { "news", "presence-a", "#server-to-user-7", "private-encrypted-cache-a" })
        {
            Assert.Equal(channel, App.FromLog(App.ToLog(channel)));
        }

        foreach (var foreign in new[] { "news", "shop:us:news", "user:7", "user:shop:us:7", "user:", "shop:" })
        {
            Assert.Null(App.FromLog(foreign));
        }

        Assert.True(App.IsOwnUser("7"));
        Assert.False(App.IsOwnUser("us:7"));
    }

    [Fact]
    public void What_is_cut_anywhere_is_a_fault_and_nothing_else()
    {
        foreach (var message in Messages)
        {
            Assert.Null(Fault(message));
            for (var i = 0; i < message.Length; i++)
            {
                Assert.NotNull(Fault(message[..i]));
                Assert.NotNull(Fault(message + message[i..]));
            }
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("{}")]
    [InlineData("""{"event":1}""")]
    [InlineData("""{"event":"\ud800"}""")]
    [InlineData("""{"event":"pusher:unknown"}""")]
    [InlineData("""{"event":"pusher:subscribe"}""")]
    [InlineData("""{"event":"pusher:subscribe","data":null}""")]
    [InlineData("""{"event":"pusher:subscribe","data":"x"}""")]
    [InlineData("""{"event":"pusher:subscribe","data":"[]"}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":7}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":""}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":"a:b"}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":"user:7"}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":"#server-to-user-"}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":"#server-to-user-a:b"}}""")]
    [InlineData("""{"event":"pusher:subscribe","data":{"channel":"a","channel":"b"}}""")]
    [InlineData("""{"event":"pusher:signin","data":{"auth":"x","user_data":"{\"id\":\"7\",\"watchlist\":[]}"}}""")]
    [InlineData("""{"event":"client-x","channel":"news","data":{}}""")]
    [InlineData("""{"event":"client-x","channel":"private-encrypted-a","data":{}}""")]
    [InlineData("""{"event":"client-x","data":{}}""")]
    [InlineData("""{"event":"client-\u0000","channel":"private-a","data":{}}""")]
    public void Wrong_messages_are_faults(string message) => Assert.NotNull(Fault(message));

    [Theory]
    [InlineData(164, true)]
    [InlineData(165, false)]
    public void Names_have_at_most_164_characters(int length, bool valid) => Assert.Equal(valid, PusherApp.IsChannel(new string('a', length)));

    private static CommandFault? Fault(string message) => PusherReader.Read(Encoding.UTF8.GetBytes(message), App, out _);

    private static (string Channel, CommandType Type) Read(string message)
    {
        Assert.Null(PusherReader.Read(Encoding.UTF8.GetBytes(message), App, out var command));
        return (command.Target.Channel, command.Type);
    }
}
