using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Rules;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Channels.Tests.Units;

/// <summary>The table of commands and permissions, and what holds for channels that no kind matches.</summary>
public sealed class PermissionTests
{
    private static readonly ChannelKind Shut = new(new ChannelPattern("*")) { Subscribe = ChannelAccess.Server };
    private static readonly Identity Ann = new() { User = "ann" };

    private static readonly CommandType[] All = [.. Enum.GetValues<CommandType>().Where(static type => type != CommandType.Unknown)];

    public static TheoryData<string> Commands => [.. All.Select(static type => type.ToString())];

    [Fact]
    public void Every_command_has_a_row() =>
        Assert.Equal(All.Order(), Permissions.Known.Order());

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void A_command_without_a_row_is_refused(byte type) =>
        Assert.False(Permissions.Allow((CommandType)type, new PermissionRequest(Ann, new SubscribeRequest { Channel = "a" }, Shut with { Subscribe = ChannelAccess.Anyone, Publish = ChannelAccess.Anyone, Presence = true }, new SendRule(ChannelAccess.Anyone))));

    [Theory]
    [MemberData(nameof(Commands))]
    public void What_reaches_others_or_reads_is_refused_where_nothing_allows_it(string command)
    {
        var type = Enum.Parse<CommandType>(command);
        var own = type is CommandType.Open or CommandType.Auth or CommandType.Unsubscribe or CommandType.Call or CommandType.Ping or CommandType.Pong or CommandType.Quit;
        Identity?[] whos = [null, Ann, new Identity { User = "bob", Grants = ChannelGrants.TryCompile(new TokenPermissions([])) }];
        foreach (var who in whos)
        {
            Assert.Equal(own, Permissions.Allow(type, new PermissionRequest(who, new SubscribeRequest { Channel = "a" }, Shut, SendRule.ServerAlone)));
        }
    }

    [Theory]
    [InlineData(ChannelAccess.Server, false, false)]
    [InlineData(ChannelAccess.Users, false, true)]
    [InlineData(ChannelAccess.Anyone, true, true)]
    public void Who_may_send_the_rule_says_unless_the_token_does(ChannelAccess access, bool anonymous, bool user)
    {
        var rule = new SendRule(access);
        Assert.Equal((anonymous, user), (Permissions.MaySend(rule, null), Permissions.MaySend(rule, Ann)));
        Assert.True(Permissions.MaySend(rule, new Identity { User = "ann", Send = true }));
        Assert.False(Permissions.MaySend(rule, new Identity { User = "ann", Send = false }));
    }

    [Fact]
    public void How_many_a_message_reached_those_know_who_may_see_presence()
    {
        var plain = new ChannelKind(new ChannelPattern("*")) { Presence = true };
        var ofUsers = new ChannelKind(new ChannelPattern("user:*")) { Presence = true, Subscribe = ChannelAccess.Users };
        Assert.False(Permissions.MaySeeDelivered(plain, "user:bob", null));
        Assert.False(Permissions.MaySeeDelivered(plain, "user:bob", Ann));
        Assert.True(Permissions.MaySeeDelivered(plain, "user:ann", Ann));
        Assert.False(Permissions.MaySeeDelivered(ofUsers, "user:bob", null));
        Assert.True(Permissions.MaySeeDelivered(ofUsers, "user:bob", Ann));
        Assert.False(Permissions.MaySeeDelivered(ofUsers with { Presence = false }, "user:bob", Ann));
        Assert.False(Permissions.MaySeeDelivered(ofUsers, "user:bob", With("chat:*", TokenActions.Presence)));
        Assert.False(Permissions.MaySeeDelivered(ofUsers, "user:bob", With("user:*", TokenActions.Subscribe)));
        Assert.True(Permissions.MaySeeDelivered(plain, "user:bob", With("user:*", TokenActions.Presence)));
    }

    [Theory]
    [InlineData(true, "other", true)]
    [InlineData(false, "other", false)]
    [InlineData(false, "chat:a", true)]
    [InlineData(false, "room:a", true)]
    [InlineData(false, "all", true)]
    [InlineData(false, "user:ann", true)]
    [InlineData(false, "user:bob", false)]
    [InlineData(false, "task:1", true)]
    [InlineData(false, "resource:items", true)]
    [InlineData(false, "resource:others", false)]
    public void Without_any_kind_of_the_application_a_few_channels_stand(bool open, string channel, bool allowed)
    {
        var kinds = Kinds(open);
        Assert.Equal(allowed, Permissions.MaySubscribe(kinds.Find(channel), channel, Ann));
        Assert.Equal(allowed, Permissions.MayReadHistory(kinds.Find(channel), channel, Ann));
    }

    [Fact]
    public void Kinds_of_the_application_are_all_that_is_open_where_the_others_are_closed()
    {
        var kinds = Kinds(open: false);
        kinds.Set(new ChannelKind(new ChannelPattern("news:*")));
        foreach (var (channel, allowed) in new[] { ("news:a", true), ("news", false), ("chat:a", false), ("room:a", false), ("all", true), ("task:1", true) })
        {
            Assert.Equal((channel, allowed), (channel, Permissions.MaySubscribe(kinds.Find(channel), channel, null)));
            Assert.False(Permissions.MayPublish(kinds.Find(channel), channel, null));
        }

        Assert.True(Permissions.MaySubscribe(kinds.FindRoom("room:a"), "room:a", null));
        Assert.True(Permissions.MayPublish(kinds.FindRoom("room:a"), "room:a", null));
    }

    [Fact]
    public void A_token_opens_what_no_kind_matches_for_what_it_says_alone()
    {
        var kind = Kinds(open: false).Find("orders:1");
        var who = With("orders:*", TokenActions.Subscribe);
        Assert.True(Permissions.MaySubscribe(kind, "orders:1", who));
        Assert.False(Permissions.MayReadHistory(kind, "orders:1", who));
        Assert.False(Permissions.MayPublish(kind, "orders:1", who));
        Assert.True(Permissions.MayPublish(kind, "orders:1", With("orders:*", TokenActions.Publish)));
        Assert.False(Permissions.MaySubscribe(kind, "orders:1", With("orders", TokenActions.Subscribe)));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Who_may_subscribe_and_not_read_subscribes_without_what_was_said_before(int? last, bool allowed)
    {
        var who = With("orders:*", TokenActions.Subscribe);
        var asked = new PermissionRequest(who, new SubscribeRequest { Channel = "orders:1", Last = last }, Kinds(open: true).Find("orders:1"));
        Assert.Equal(allowed, Permissions.Allow(CommandType.Subscribe, asked));
    }

    [Fact]
    public void A_kind_takes_the_place_of_the_one_with_the_same_pattern_and_leaves_the_others_where_they_are()
    {
        var kinds = new ChannelKinds();
        kinds.Set(new ChannelKind(new ChannelPattern("chat:*")));
        kinds.Set(new ChannelKind(new ChannelPattern("chat:a")) { Closed = true });
        kinds.Set(new ChannelKind(new ChannelPattern("news:*")));
        kinds.Set(new ChannelKind(new ChannelPattern("chat:*")) { Subscribe = ChannelAccess.Users });
        Assert.Equal(ChannelAccess.Users, kinds.Find("chat:b").Subscribe);
        Assert.Equal("chat:*", kinds.Find("chat:a").Pattern.Text);
        Assert.Equal(ChannelAccess.Anyone, kinds.Find("news:b").Subscribe);
    }

    private static ChannelKinds Kinds(bool open)
    {
        var kinds = new ChannelKinds { UnmatchedAreOpen = open };
        kinds.SetFeature(new ChannelKind(new ChannelPattern("task:*")));
        kinds.SetFeature(new ChannelKind(new ChannelPattern("resource:items")));
        return kinds;
    }

    private static Identity With(string pattern, TokenActions actions) =>
        new() { User = "eve", Grants = ChannelGrants.TryCompile(new TokenPermissions([new TokenPermission(pattern, actions)])) };
}
