using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Channels.Tests.Units;

/// <summary>Rules that compare a channel's name with the user.</summary>
public sealed class UserRuleTests
{
    private static readonly Identity Ada = new()
    {
        User = "ada",
        Claims = new Dictionary<string, IReadOnlyList<string>> { ["team"] = ["red", "blue"], ["role"] = ["admin"], ["a.b"] = ["x-1"] },
    };

    [Theory]
    [InlineData("inbox:{id}", "user={id}", "inbox:ada", true)]
    [InlineData("inbox:{id}", "user={id}", "inbox:ADA", false)]
    [InlineData("inbox:{id}", "user={id}", "inbox:adam", false)]
    [InlineData("inbox:{id}:*", "user={id}", "inbox:ada:x:y", true)]
    [InlineData("team:{team}", "claim:team={team}", "team:red", true)]
    [InlineData("team:{team}", "claim:team={team}", "team:blue", true)]
    [InlineData("team:{team}", "claim:team={team}", "team:green", false)]
    [InlineData("team:{team}", "claim:none={team}", "team:red", false)]
    [InlineData("room:{a}:{b}", "claim:a.b={a}-{b}", "room:x:1", true)]
    [InlineData("room:{a}:{b}", "claim:a.b={a}-{b}", "room:x:2", false)]
    [InlineData("any:*", "claim:role=admin", "any:thing", true)]
    [InlineData("any:*", "claim:role=root", "any:thing", false)]
    public void It_lets_in_those_whom_the_name_means(string pattern, string text, string channel, bool allowed)
    {
        var rule = UserRule.Of(ChannelRule.Parse(text))!;
        Assert.Null(rule.Fault(new ChannelPattern(pattern)));
        Assert.Equal(allowed, rule.Allows(new ChannelPattern(pattern), channel, Ada));
        var kind = new ChannelKind(new ChannelPattern(pattern)) { Subscribe = ChannelAccess.Users, SubscribeRule = rule };
        Assert.Equal(allowed, Permissions.MaySubscribe(kind, channel, Ada));
        Assert.False(Permissions.MaySubscribe(kind, channel, null));
        Assert.False(Permissions.MaySubscribe(kind, channel, new Identity { User = "eve" }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("0")]
    [InlineData("user=")]
    [InlineData("user")]
    [InlineData("claim:team")]
    [InlineData("claim:team=")]
    [InlineData("claim:={team}")]
    [InlineData("claim=x")]
    [InlineData("User={id}")]
    public void What_is_no_rule_is_refused(string text)
    {
        Assert.False(ChannelRule.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ChannelRule.Parse(text));
    }

    [Theory]
    [InlineData("team:{team}", "claim:team={other}", "names {other}")]
    [InlineData("team:*", "user={id}", "names {id}")]
    [InlineData("team:{team}", "claim:team={team", "brace")]
    [InlineData("team:{team}", "claim:team={}", "brace")]
    public void A_value_that_the_pattern_does_not_have_is_a_fault(string pattern, string text, string expected) =>
        Assert.Contains(expected, UserRule.Of(ChannelRule.Parse(text))!.Fault(new ChannelPattern(pattern)), StringComparison.Ordinal);

    [Theory]
    [InlineData("anyone", ChannelAccess.Anyone)]
    [InlineData("Users", ChannelAccess.Users)]
    [InlineData("server", ChannelAccess.Server)]
    [InlineData("user={id}", ChannelAccess.Users)]
    public void A_rule_is_written_as_it_is_read(string text, ChannelAccess access)
    {
        ChannelRule rule = text;
        Assert.Equal(access, rule.Access);
        Assert.Equal(text, rule.ToString(), ignoreCase: true);
        Assert.Equal(rule, ChannelRule.Parse(rule.ToString()));
    }
}
