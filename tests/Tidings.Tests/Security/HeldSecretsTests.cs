using Tidings.Quotas;
using Tidings.Security.Identities;
using Tidings.Testing;

namespace Tidings.Tests.Security;

/// <summary>B50: quotas on shared shoulders. One sender that takes without end takes from itself.</summary>
public sealed class HeldSecretsTests
{
    private static readonly Sender Ann = Sender.Of("ann", default);
    private static readonly Sender Bob = Sender.Of("bob", default);

    private readonly ManualTime _time = new();

    [Fact]
    public void Over_its_share_a_sender_loses_its_oldest()
    {
        var held = Make(share: 3, most: 100);
        Assert.True(held.TryAdd("bob", Bob, 0));
        for (var i = 0; i < 10; i++)
        {
            Assert.True(held.TryAdd($"ann{i}", Ann, i));
        }

        Assert.Equal(4, held.Count);
        Assert.False(held.TryGet("ann6", out _));
        Assert.True(held.TryGet("ann7", out var value) && value == 7);
        Assert.True(held.TryGet("bob", out _));
    }

    [Fact]
    public void Over_the_whole_the_sender_with_most_loses()
    {
        var held = Make(share: 3, most: 6);
        foreach (var name in new[] { "b1", "a1", "a2", "a3" })
        {
            held.TryAdd(name, name[0] == 'a' ? Ann : Bob, 0);
        }

        for (var i = 0; i < 4; i++)
        {
            held.TryAdd($"c{i}", Sender.Of($"user{i}", default), 0);
        }

        Assert.Equal(6, held.Count);
        Assert.False(held.TryGet("a1", out _) || held.TryGet("a2", out _));
        Assert.True(held.TryGet("a3", out _) && held.TryGet("b1", out _));
    }

    [Fact]
    public void What_is_taken_or_has_ended_is_gone_and_what_is_renewed_is_the_newest()
    {
        var held = Make(share: 2, most: 100);
        held.TryAdd("a1", Ann, 1);
        held.TryAdd("a2", Ann, 2);
        Assert.False(held.TryAdd("a2", Bob, 9));
        held.Renew("a1");
        held.TryAdd("a3", Ann, 3);
        Assert.False(held.TryGet("a2", out _));
        Assert.True(held.TryTake("a1", out var value) && value == 1);
        Assert.False(held.TryTake("a1", out _));
        _time.Advance(TimeSpan.FromSeconds(20));
        held.Renew("a3");
        held.TryAdd("a4", Ann, 4);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.True(held.TryGet("a3", out _) && held.TryGet("a4", out _));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(held.TryGet("a3", out _) || held.TryGet("a4", out _));
        Assert.Equal(0, held.Count);
    }

    [Fact]
    public async Task One_token_takes_no_ticket_and_no_pass_of_another()
    {
        var tickets = new MemoryTickets(_time);
        var bob = await tickets.IssueAsync(Of("bob"));
        var first = await tickets.IssueAsync(Of("ann"));
        var last = first;
        for (var i = 0; i < 100_000; i++)
        {
            last = await tickets.IssueAsync(Of("ann"));
        }

        Assert.Null(await tickets.RedeemAsync(first));
        Assert.Equal("ann", (await tickets.RedeemAsync(last))!.User);
        Assert.Equal("bob", (await tickets.RedeemAsync(bob))!.User);

        var pass = (await tickets.IssuePassAsync("t", Of("bob")))!;
        for (var i = 0; i < 100_000; i++)
        {
            Assert.NotNull(await tickets.IssuePassAsync($"t{i}", Of("ann")));
        }

        Assert.Equal("bob", (await tickets.ShowPassAsync("t", pass))!.User);
    }

    private static Identity Of(string user) => new() { User = user };

    private HeldSecrets<int> Make(int share, int most) => new(TimeSpan.FromSeconds(30), share, most, _time);
}
