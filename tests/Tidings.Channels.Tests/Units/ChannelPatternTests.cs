using Tidings.Protocol;

namespace Tidings.Channels.Tests.Units;

/// <summary>Which names a pattern means, and which it does not though they look alike.</summary>
public sealed class ChannelPatternTests
{
    [Theory]
    [InlineData("chat", "chat", true)]
    [InlineData("chat", "chats", false)]
    [InlineData("chat", "cha", false)]
    [InlineData("chat", "Chat", false)]
    [InlineData("chat", "chat:", false)]
    [InlineData("chat:a", "chat:a", true)]
    [InlineData("chat:a", "chat:ab", false)]
    [InlineData("chat:a", "xchat:a", false)]
    public void A_name_is_itself_alone(string pattern, string channel, bool matches) => Check(pattern, channel, matches);

    [Theory]
    [InlineData("chat:*", "chat:a", true)]
    [InlineData("chat:*", "chat:a:b", true)]
    [InlineData("chat:*", "chat:", true)]
    [InlineData("chat:*", "chat", false)]
    [InlineData("chat:*", "chats", false)]
    [InlineData("chat:*", "chat-admin", false)]
    [InlineData("chat:*", "chat-admin:a", false)]
    [InlineData("chat:*", "Chat:a", false)]
    [InlineData("chat:*", "xchat:a", false)]
    [InlineData("chat:*", "a:chat:b", false)]
    [InlineData("chat*", "chat", true)]
    [InlineData("chat*", "chats", true)]
    [InlineData("chat*", "cha", false)]
    [InlineData("*", "anything:at.all", true)]
    public void A_star_is_any_rest_and_nothing_before_it(string pattern, string channel, bool matches) => Check(pattern, channel, matches);

    [Theory]
    [InlineData("chat:{room}", "chat:a", true)]
    [InlineData("chat:{room}", "chat:a-b.c_d@e", true)]
    [InlineData("chat:{room}", "chat:", false)]
    [InlineData("chat:{room}", "chat", false)]
    [InlineData("chat:{room}", "chats:a", false)]
    [InlineData("chat:{room}", "xchat:a", false)]
    [InlineData("chat:{room}", "chat:a:b", false)]
    [InlineData("chat:{room}", "chat:a:", false)]
    [InlineData("{any}", "a", true)]
    [InlineData("{any}", "a:b", false)]
    [InlineData("team:{team}:{room}", "team:red:a", true)]
    [InlineData("team:{team}:{room}", "team:red", false)]
    [InlineData("team:{team}:{room}", "team::a", false)]
    [InlineData("team:{team}:{room}", "team:red:a:b", false)]
    [InlineData("team:{team}:admin", "team:red:admin", true)]
    [InlineData("team:{team}:admin", "team:red:x:admin", false)]
    [InlineData("team:{team}:*", "team:red:a:b", true)]
    [InlineData("team:{team}:*", "team:red:", true)]
    [InlineData("team:{team}:*", "team:red", false)]
    public void A_value_stops_at_a_colon_and_is_never_empty(string pattern, string channel, bool matches) => Check(pattern, channel, matches);

    [Theory]
    [InlineData("a.b:{x}", "a.b:c", true)]
    [InlineData("a.b:{x}", "axb:c", false)]
    [InlineData("a-b@c:{x}", "a-b@c:d", true)]
    [InlineData("straße:{x}", "straße:1", true)]
    public void What_means_something_to_a_regular_expression_means_itself(string pattern, string channel, bool matches) => Check(pattern, channel, matches);

    [Fact]
    public void Values_are_what_stands_in_their_place()
    {
        var pattern = new ChannelPattern("team:{team}:{room}");
        Assert.Equal(["team", "room"], pattern.Values);
        Assert.Equal(("red", "a-b"), (pattern.ValueOf("team:red:a-b", "team"), pattern.ValueOf("team:red:a-b", "room")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a**")]
    [InlineData("*a")]
    [InlineData("a*b")]
    [InlineData("a:{}")]
    [InlineData("a:{1}")]
    [InlineData("a:{x")]
    [InlineData("a:x}")]
    [InlineData("a:{x}:{x}")]
    [InlineData("a|b")]
    [InlineData("a\n")]
    public void What_cannot_be_a_pattern_is_none(string pattern)
    {
        Assert.NotNull(ChannelPattern.Fault(pattern));
        Assert.Throws<ArgumentException>(() => new ChannelPattern(pattern));
    }

    [Fact]
    public void A_pattern_has_255_characters_at_most()
    {
        Assert.Null(ChannelPattern.Fault(new string('a', 255)));
        Assert.NotNull(ChannelPattern.Fault(new string('a', 256)));
    }

    private static void Check(string pattern, string channel, bool matches) => Assert.Equal(matches, new ChannelPattern(pattern).Matches(channel));
}
