using System.Text;
using Tidings.Presence;
using Xunit;

namespace Tidings.Specification;

/// <content>Members that say by themselves what is shown of them, and kinds that keep presence in another way.</content>
public abstract partial class PresenceRules
{
    private static readonly PresenceTerms Tracked = PresenceTerms.Default with { Tracked = true };

    [Fact]
    public async Task What_a_member_says_last_is_shown_and_when_that_connection_goes_the_one_before()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        await one.Presence.JoinAsync(Of("ann", "a1") with { Said = "{\"vip\":true}"u8.ToArray() }, "1"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":1,"user_info":{"vip":true}}""");
        await two.Presence.JoinAsync(Of("ann", "b1"), "2"u8.ToArray());
        await watch.ExpectAsync("""={"user":"ann","connections":2,"info":2,"user_info":{"vip":true}}""");
        await one.Presence.JoinAsync(Of("ann", "a2"));
        Assert.True(await one.Presence.TrackAsync(Of("ann", "a1"), "{\"at\":[3]}"u8.ToArray()));
        await watch.ExpectAsync("""={"user":"ann","connections":3,"info":{"at":[3]},"user_info":{"vip":true}}""");
        Assert.Equal("ann 3 {\"at\":[3]}", Assert.Single((await two.Presence.ReadAsync(Channel, 10)).Members.Select(Text)));
        await one.Presence.LeaveAsync(Of("ann", "a1"));
        await watch.ExpectAsync("""={"user":"ann","connections":2,"info":2,"user_info":{"vip":true}}""");
        Assert.True(await two.Presence.TrackAsync(Of("ann", "b1"), default));
        await watch.ExpectAsync("""={"user":"ann","connections":2,"user_info":{"vip":true}}""");
        Assert.Equal("{\"vip\":true}", Encoding.UTF8.GetString((await two.Presence.ReadAsync(Channel, 10)).Members[0].UserInfo.Span));
        await watch.ExpectNothingAsync(two);
    }

    [Fact]
    public async Task What_was_said_already_is_not_told_again_and_who_is_not_there_cannot_say_anything()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        Assert.False(await one.Presence.TrackAsync(Of("ann", "a1"), "1"u8.ToArray()));
        await one.Presence.JoinAsync(Of("ann", "a1"), "1"u8.ToArray());
        Assert.True(await one.Presence.TrackAsync(Of("ann", "a1"), "1"u8.ToArray()));
        await two.Presence.JoinAsync(Of("ann", "b1"), "1"u8.ToArray());
        Assert.False(await two.Presence.TrackAsync(Of("ann", "b2"), "2"u8.ToArray()));
        Assert.Equal(("1", ""), (Json(one.Presence.TrackedBy(Of("ann", "a1"))), Json(one.Presence.TrackedBy(Of("ann", "a9")))));
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":1}""");
        await watch.ExpectNothingAsync(two);
    }

    [Fact]
    public async Task Within_the_grace_it_is_shown_as_before_and_who_comes_back_says_it_anew()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        await one.Presence.JoinAsync(Of("ann", "a1"), "1"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":1}""");
        await one.Presence.LeaveAsync(Of("ann", "a1"));
        Assert.Equal("ann 0 1", Assert.Single((await two.Presence.ReadAsync(Channel, 10)).Members.Select(Text)));
        await two.Presence.JoinAsync(Of("ann", "b1"), "1"u8.ToArray());
        await two.Presence.LeaveAsync(Of("ann", "b1"));
        await two.Presence.JoinAsync(Of("ann", "b2"));
        await watch.ExpectAsync("""={"user":"ann","connections":1}""");
        await two.Presence.TrackAsync(Of("ann", "b2"), "2"u8.ToArray());
        await watch.ExpectAsync("""={"user":"ann","connections":1,"info":2}""");
        await two.Presence.LeaveAsync(Of("ann", "b2"));
        Pass(Grace);
        await watch.ExpectAsync("""-{"user":"ann","connections":0,"info":2}""");
        Assert.Equal(0, (await one.Presence.ReadAsync(Channel, 0)).Count);
        await watch.ExpectNothingAsync(one);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_connection_may_be_a_member_and_leave_at_once(bool isTracked)
    {
        var (one, two) = await StartAsync();
        var terms = new PresenceTerms(TimeSpan.Zero, PerConnection: true, isTracked);
        var watch = await two.WatchAsync(Channel);
        await one.Presence.JoinAsync(new Attendance(Channel, "ann", "a1", terms, "0"u8.ToArray()), "1"u8.ToArray());
        await watch.ExpectAsync(isTracked ? """+{"user":"ann","connection":"a1","info":1,"user_info":0}""" : """+{"user":"ann","connection":"a1","info":0}""");
        await two.Presence.JoinAsync(new Attendance(Channel, "ann", "b1", terms));
        await watch.ExpectAsync("""+{"user":"ann","connection":"b1"}""");
        var list = await one.Presence.ReadAsync(Channel, 10);
        Assert.Equal(["a1", "b1"], list.Members.Select(static member => member.Connection!).Order());
        Assert.Equal(2, list.Count);
        await one.Presence.LeaveAsync(new Attendance(Channel, "ann", "a1", terms));
        await watch.ExpectAsync(isTracked ? """-{"user":"ann","connection":"a1","info":1,"user_info":0}""" : """-{"user":"ann","connection":"a1","info":0}""");
        Assert.Equal(1, (await two.Presence.ReadAsync(Channel, 10)).Count);
        await watch.ExpectNothingAsync(one);
    }

    [Fact]
    public async Task Each_kind_has_a_grace_of_its_own()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        var slow = PresenceTerms.Default with { Grace = TimeSpan.FromMinutes(1) };
        await one.Presence.JoinAsync(new Attendance(Channel, "slow", "c1", slow));
        await one.Presence.JoinAsync(new Attendance(Channel, "quick", "c2", PresenceTerms.Default with { Grace = TimeSpan.Zero }));
        await watch.ExpectAsync("""+{"user":"slow","connections":1}""");
        await watch.ExpectAsync("""+{"user":"quick","connections":1}""");
        await one.Presence.LeaveAsync(new Attendance(Channel, "slow", "c1", slow));
        await one.Presence.LeaveAsync(new Attendance(Channel, "quick", "c2", PresenceTerms.Default with { Grace = TimeSpan.Zero }));
        await watch.ExpectAsync("""-{"user":"quick","connections":0}""");
        Pass(TimeSpan.FromSeconds(59));
        await watch.ExpectNothingAsync(two);
        Pass(TimeSpan.FromSeconds(1));
        await watch.ExpectAsync("""-{"user":"slow","connections":0}""");
    }

    [Fact]
    public async Task Whatever_happens_those_who_watch_know_what_each_member_said_last()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        var said = new Dictionary<(string User, string Connection), (int Step, string? Info)>();
        for (var step = 1; step <= 300; step++)
        {
            var at = random.Next(2);
            var (node, who) = (at == 0 ? one : two, Of($"u{random.Next(3)}", $"{at}{random.Next(3)}"));
            var (key, info) = ((who.User, who.Connection), Encoding.UTF8.GetBytes($"[{step}]"));
            switch (random.Next(4))
            {
                case 0 when said.Remove(key):
                    await node.Presence.LeaveAsync(who);
                    break;
                case 1 when said.TryAdd(key, (step, $"[{step}]")):
                    await node.Presence.JoinAsync(who, info);
                    break;
                case 2 when said.TryAdd(key, (step, null)):
                    await node.Presence.JoinAsync(who);
                    break;
                case 3 when said.ContainsKey(key):
                    said[key] = (step, $"[{step}]");
                    await node.Presence.TrackAsync(who, info);
                    break;
            }

            if (random.Next(4) == 0)
            {
                Pass(TimeSpan.FromMilliseconds(random.Next(6000)));
            }
        }

        Pass(Grace);
        var expected = said.GroupBy(static entry => entry.Key.User)
            .Select(static user => $"{user.Key} {user.Where(static entry => entry.Value.Info is not null).OrderBy(static entry => entry.Value.Step).LastOrDefault().Value.Info}").Order().ToList();
        await Eventually.TrueAsync(
            async () => (await two.Presence.ReadAsync(Channel, 100)).Members.Select(static member => $"{member.User} {Json(member.Info)}").Order().SequenceEqual(expected),
            () => $"{string.Join(',', expected)} are there (seed {seed})");
        await Eventually.TrueAsync(() => watch.Shown().SequenceEqual(expected), () => $"those who watch know of {string.Join(',', expected)} (seed {seed})");
    }

    private static string Json(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private Attendance Of(string user, string connection) => new(Channel, user, connection, Tracked);
}
