using System.Text;
using Tidings.Presence;
using Xunit;

namespace Tidings.Specification;

/// <summary>What holds of every presence store. Those of one world that share what they know are its nodes.</summary>
public abstract partial class PresenceRules
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>A channel of each test's own.</summary>
    protected string Channel { get; } = $"here:{Guid.NewGuid():n}";

    /// <summary>Lets time pass by which members leave.</summary>
    /// <param name="time">How much.</param>
    protected abstract void Pass(TimeSpan time);

    /// <summary>Two nodes that share presence; the same twice where there can be one alone.</summary>
    protected abstract Task<(EngineNode One, EngineNode Two)> StartAsync();

    [Fact]
    public async Task The_first_connection_joins_and_the_last_one_leaves_after_the_grace_period()
    {
        var (one, two) = await StartAsync();
        var watch = await two.WatchAsync(Channel);
        await one.Presence.JoinAsync(Channel, "ann", "c1", "{\"a\":1}"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":{"a":1}}""");
        await one.Presence.LeaveAsync(Channel, "ann", "c1");
        Assert.Equal(1, (await two.Presence.ReadAsync(Channel, 10)).Count);
        Pass(Grace - TimeSpan.FromMilliseconds(1));
        await watch.ExpectNothingAsync(one);
        Pass(TimeSpan.FromMilliseconds(1));
        await watch.ExpectAsync("""-{"user":"ann","connections":0,"info":{"a":1}}""");
        Assert.DoesNotContain((await two.Presence.ReadAsync(Channel, 10)).Members, static member => member.User == "ann");
    }

    [Fact]
    public async Task A_connection_that_is_a_member_by_itself_has_left_at_once()
    {
        var (one, two) = await StartAsync();
        var connections = Connections;
        var watch = await two.WatchAsync(connections);
        await one.Presence.JoinAsync(Alone("c1") with { Said = """{"user":"ann","info":{}}"""u8.ToArray() });
        await watch.ExpectAsync("""+{"user":"c1","connections":1,"info":{"user":"ann","info":{}}}""");
        Assert.Equal(1, (await two.Presence.ReadAsync(connections, 10)).Count);
        Assert.Equal(0, (await two.Presence.ReadAsync(Channel, 10)).Count);
        await one.Presence.LeaveAsync(Alone("c1"));
        await watch.ExpectAsync("""-{"user":"c1","connections":0,"info":{"user":"ann","info":{}}}""");
        Assert.Equal(0, (await two.Presence.ReadAsync(connections, 10)).Count);
    }

    [Fact]
    public async Task However_many_tabs_and_nodes_there_is_one_join_and_one_leave()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        for (var i = 0; i < 3; i++)
        {
            await one.Presence.JoinAsync(Channel, "ann", $"a{i}", default);
            await two.Presence.JoinAsync(Channel, "ann", $"b{i}", default);
        }

        var list = await two.Presence.ReadAsync(Channel, 10);
        Assert.Equal(("ann", 6, 1), (list.Members[0].User, list.Members[0].Connections, list.Count));
        for (var i = 0; i < 3; i++)
        {
            await one.Presence.LeaveAsync(Channel, "ann", $"a{i}");
            Pass(Grace);
        }

        Assert.Equal(3, (await one.Presence.ReadAsync(Channel, 10)).Members[0].Connections);
        for (var i = 0; i < 3; i++)
        {
            await two.Presence.LeaveAsync(Channel, "ann", $"b{i}");
        }

        Pass(Grace);
        await watch.ExpectAsync("""+{"user":"ann","connections":1}""");
        await watch.ExpectAsync("""-{"user":"ann","connections":0}""");
        await watch.ExpectNothingAsync(one);
    }

    [Fact]
    public async Task Who_goes_on_elsewhere_within_the_grace_period_has_not_left()
    {
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        await one.Presence.JoinAsync(Channel, "ann", "c1", default);
        await one.Presence.LeaveAsync(Channel, "ann", "c1");
        Pass(Grace / 2);
        await two.Presence.JoinAsync(Channel, "ann", "c2", default);
        Pass(Grace * 2);
        await watch.ExpectAsync("""+{"user":"ann","connections":1}""");
        await watch.ExpectNothingAsync(two);
        Assert.Equal(1, (await one.Presence.ReadAsync(Channel, 10)).Members[0].Connections);
    }

    [Fact]
    public async Task Lists_are_cut_counts_are_not()
    {
        var (one, two) = await StartAsync();
        for (var i = 0; i < 300; i++)
        {
            await (i % 2 == 0 ? one : two).Presence.JoinAsync(Channel, $"user {i}", $"c{i}", Encoding.UTF8.GetBytes($"[{i}]"));
        }

        var list = await one.Presence.ReadAsync(Channel, 7);
        Assert.Equal((7, 300), (list.Members.Count, list.Count));
        list = await two.Presence.ReadAsync(Channel, 1000);
        Assert.Equal(Enumerable.Range(0, 300).Select(static i => $"user {i} 1 [{i}]").Order(), list.Members.Select(Text).Order());
        Assert.Equal((0, 300), ((await one.Presence.ReadAsync(Channel, 0)) is var none ? none.Members.Count : -1, none.Count));
    }

    [Fact]
    public async Task Names_may_be_anything_and_never_look_like_another()
    {
        var (one, two) = await StartAsync();
        string[] names = ["~c1", "*", "a\"b\\", "ü€😀", "{}", "%41", "A", "0123456789abcdef", "a:b c", new('x', 250)];
        foreach (var name in names)
        {
            await one.Presence.JoinAsync(Channel, name, "c", default);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), (await two.Presence.ReadAsync(Channel, 100)).Members.Select(static member => member.User).Order(StringComparer.Ordinal));
        await one.Presence.LeaveAsync(Channel, "*", "c");
        Pass(Grace);
        await Eventually.TrueAsync(async () => (await two.Presence.ReadAsync(Channel, 0)).Count == names.Length - 1, static () => "one has left");
    }

    [Fact]
    public async Task Who_is_not_there_cannot_leave_and_channels_are_apart()
    {
        var (one, two) = await StartAsync();
        var watch = await two.WatchAsync(Channel);
        await one.Presence.LeaveAsync(Channel, "ann", "c1");
        await one.Presence.JoinAsync(Channel + ":b", "ann", "c1", default);
        await one.Presence.LeaveAsync(Channel + ":b", "ann", "c2");
        await one.Presence.LeaveAsync(Channel, "ann", "c1");
        Pass(Grace);
        Assert.Equal((0, 1), ((await one.Presence.ReadAsync(Channel, 10)).Count, (await two.Presence.ReadAsync(Channel + ":b", 10)).Count));
        await watch.ExpectNothingAsync(one);
    }

    [Fact]
    public async Task Whatever_happens_those_who_watch_know_who_is_there()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var (one, two) = await StartAsync();
        var watch = await one.WatchAsync(Channel);
        var there = new Dictionary<string, HashSet<string>>();
        for (var step = 0; step < 400; step++)
        {
            var at = random.Next(2);
            var (node, user, connection) = (at == 0 ? one : two, $"u{random.Next(5)}", $"{at}{random.Next(3)}");
            var connections = there.TryGetValue(user, out var known) ? known : there[user] = [];
            if (random.Next(2) == 0)
            {
                connections.Add(connection);
                await node.Presence.JoinAsync(Channel, user, connection, default);
            }
            else
            {
                connections.Remove(connection);
                await node.Presence.LeaveAsync(Channel, user, connection);
            }

            if (random.Next(4) == 0)
            {
                Pass(TimeSpan.FromMilliseconds(random.Next(6000)));
            }
        }

        Pass(Grace);
        var expected = there.Where(static entry => entry.Value.Count > 0).Select(static entry => $"{entry.Key} {entry.Value.Count} ").Order().ToList();
        await Eventually.TrueAsync(
            async () => (await two.Presence.ReadAsync(Channel, 100)).Members.Select(Text).Order().SequenceEqual(expected), () => $"{string.Join(',', expected)} are there (seed {seed})");
        await Eventually.TrueAsync(() => watch.Present().SequenceEqual(expected.Select(static text => text.Split(' ')[0])), () => $"those who watch know of {string.Join(',', expected)} (seed {seed})");
    }

    // Beside a channel, under a name that no channel has: its connections, each a member by itself.
    private string Connections => "\u0002" + Channel;

    private Attendance Alone(string connection) => new(Connections, connection, connection, new PresenceTerms(TimeSpan.Zero));

    private static string Text(PresenceMember member) => $"{member.User} {member.Connections} {Encoding.UTF8.GetString(member.Info.Span)}";
}
