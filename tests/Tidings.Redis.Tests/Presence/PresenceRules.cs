using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Presence;

/// <summary>What holds of every presence store. Those of one world that share what they know are its nodes.</summary>
public abstract partial class PresenceRules
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static int s_channels;

    /// <summary>A channel of each test's own.</summary>
    private protected string Channel { get; } = $"here:{Guid.NewGuid():n}:{Interlocked.Increment(ref s_channels)}";

    private protected ManualTime Time { get; } = new();

    /// <summary>Two nodes that share presence; the same twice where there can be one alone.</summary>
    private protected abstract Task<(PresenceNode One, PresenceNode Two)> StartAsync();

    [Fact]
    public async Task The_first_connection_joins_and_the_last_one_leaves_after_the_grace_period()
    {
        var (one, two) = await StartAsync();
        var watch = await two.WatchAsync(Channel);
        await one.Presence.JoinAsync(Channel, "ann", "c1", "{\"a\":1}"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":{"a":1}}""");
        await one.Presence.LeaveAsync(Channel, "ann", "c1");
        Assert.Equal(1, (await two.Presence.ReadAsync(Channel, 10)).Count);
        Time.Advance(Grace - TimeSpan.FromMilliseconds(1));
        await watch.ExpectNothingAsync(one);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await watch.ExpectAsync("""-{"user":"ann","connections":0,"info":{"a":1}}""");
        Assert.DoesNotContain((await two.Presence.ReadAsync(Channel, 10)).Members, static member => member.User == "ann");
    }

    [Fact]
    public async Task A_connection_that_is_a_member_by_itself_has_left_at_once()
    {
        var (one, two) = await StartAsync();
        var connections = ConnectionPresence.Of(Channel);
        var watch = await two.WatchAsync(connections);
        await one.Presence.JoinAsync(ConnectionPresence.Of(Channel, "c1") with { Said = new ConnectionMember("ann", "{}"u8.ToArray(), default).ToJson() });
        await watch.ExpectAsync("""+{"user":"c1","connections":1,"info":{"user":"ann","info":{}}}""");
        Assert.Equal(1, (await two.Presence.ReadAsync(connections, 10)).Count);
        Assert.Equal(0, (await two.Presence.ReadAsync(Channel, 10)).Count);
        await one.Presence.LeaveAsync(ConnectionPresence.Of(Channel, "c1"));
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
            Time.Advance(Grace);
        }

        Assert.Equal(3, (await one.Presence.ReadAsync(Channel, 10)).Members[0].Connections);
        for (var i = 0; i < 3; i++)
        {
            await two.Presence.LeaveAsync(Channel, "ann", $"b{i}");
        }

        Time.Advance(Grace);
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
        Time.Advance(Grace / 2);
        await two.Presence.JoinAsync(Channel, "ann", "c2", default);
        Time.Advance(Grace * 2);
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
        Time.Advance(Grace);
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
        Time.Advance(Grace);
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
                Time.Advance(TimeSpan.FromMilliseconds(random.Next(6000)));
            }
        }

        Time.Advance(Grace);
        var expected = there.Where(static entry => entry.Value.Count > 0).Select(static entry => $"{entry.Key} {entry.Value.Count} ").Order().ToList();
        await Eventually.TrueAsync(
            async () => (await two.Presence.ReadAsync(Channel, 100)).Members.Select(Text).Order().SequenceEqual(expected), () => $"{string.Join(',', expected)} are there (seed {seed})");
        await Eventually.TrueAsync(() => watch.Present().SequenceEqual(expected.Select(static text => text.Split(' ')[0])), $"those who watch know of {string.Join(',', expected)} (seed {seed})");
    }

    private static string Text(PresenceMember member) => $"{member.User} {member.Connections} {Encoding.UTF8.GetString(member.Info.Span)}";
}

internal static class PresenceStoreExtensions
{
    /// <summary>Joins a channel whose kind has the defaults.</summary>
    public static ValueTask JoinAsync(this IPresenceStore presence, string channel, string user, string connection, ReadOnlyMemory<byte> info) =>
        presence.JoinAsync(new Attendance(channel, user, connection, PresenceTerms.Default, info));

    public static ValueTask LeaveAsync(this IPresenceStore presence, string channel, string user, string connection) =>
        presence.LeaveAsync(new Attendance(channel, user, connection, PresenceTerms.Default));
}

/// <summary>One node's part in presence.</summary>
internal sealed record PresenceNode(Hub Hub, IPresenceStore Presence)
{
    public async Task<PresenceWatch> WatchAsync(string channel)
    {
        var watch = new PresenceWatch(channel);
        Hub.Listen(watch, PresenceChannel.Of(channel));
        await Presence.WatchAsync(channel);
        return watch;
    }
}

/// <summary>Somebody who is told of joins and leaves.</summary>
internal sealed class PresenceWatch(string channel) : IMessageListener
{
    private readonly List<string> _told = [];
    private int _expected;

    public IReadOnlyList<string> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    public void Offer(Message message)
    {
        Assert.Equal(channel, message.Channel);
        Assert.Equal(0, message.Offset);
        lock (_told)
        {
            _told.Add((message.Kind switch { MessageKind.Join => "+", MessageKind.Leave => "-", _ => "=" }) + Encoding.UTF8.GetString(message.Data.Bytes.Span));
        }
    }

    /// <summary>What is told next.</summary>
    public async Task ExpectAsync(string text, TimeSpan? limit = null)
    {
        await Eventually.TrueAsync(() => Told.Count > _expected, $"{text} is told, after {string.Join(' ', Told)}", limit);
        Assert.Equal(text, Told[_expected++]);
    }

    /// <summary>What is told next, whatever it is.</summary>
    public async Task<string> NextAsync(TimeSpan? limit = null)
    {
        await Eventually.TrueAsync(() => Told.Count > _expected, $"more is told, after {string.Join(' ', Told)}", limit);
        return Told[_expected++];
    }

    /// <summary>Nothing was told that was not expected, by the time that a node's further step has been told.</summary>
    public async Task ExpectNothingAsync(PresenceNode by)
    {
        var mark = Guid.NewGuid().ToString("n");
        await by.Presence.JoinAsync(channel, mark, mark, default);
        await ExpectAsync($$"""+{"user":"{{mark}}","connections":1}""");
    }

    /// <summary>Who is there by what was told, each join and leave in its turn.</summary>
    public IEnumerable<string> Present()
    {
        var there = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var told in Told)
        {
            var user = JsonElement.Parse(told[1..]).GetProperty("user").GetString()!;
            Assert.True(told[0] == '+' ? there.Add(user) : there.Remove(user), $"{told} after {string.Join(' ', Told)}");
        }

        return there;
    }

    /// <summary>What each member that is there says, by what was told.</summary>
    public IEnumerable<string> Shown()
    {
        var there = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var told in Told)
        {
            var member = JsonElement.Parse(told[1..]);
            var user = member.GetProperty("user").GetString()!;
            Assert.True(there.ContainsKey(user) == (told[0] != '+'), $"{told} after {string.Join(' ', Told)}");
            there[user] = member.TryGetProperty("info", out var info) ? info.GetRawText() : "";
            if (told[0] == '-')
            {
                there.Remove(user);
            }
        }

        return there.Select(static entry => $"{entry.Key} {entry.Value}");
    }
}
