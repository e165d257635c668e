using Tidings.Presence;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>When users were last connected: of so many, and for so long.</summary>
public sealed class LastSeenTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_is_known_for_thirty_days_and_forgotten_when_told_so()
    {
        var seen = new MemoryLastSeen(_time);
        seen.Note("ann");
        var at = _time.GetUtcNow().ToUnixTimeMilliseconds();
        _time.Advance(TimeSpan.FromDays(30));
        seen.Note("bob");
        Assert.Equal(at, (await seen.ReadAsync(["ann", "bob", "eve"]))["ann"]);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["bob"], (await seen.ReadAsync(["ann", "bob", "eve"])).Keys);
        Assert.True(await seen.EraseAsync("bob"));
        Assert.False(await seen.EraseAsync("bob"));
        Assert.Empty(await seen.ReadAsync(["bob"]));
    }

    [Fact]
    public async Task Of_more_users_than_are_kept_those_go_who_were_here_longest_ago()
    {
        var seen = new MemoryLastSeen(_time);
        seen.Note("first");
        seen.Note("second");
        for (var i = 0; i < ILastSeen.MostUsers - 1; i++)
        {
            seen.Note($"u{i}");
            if (i == 1)
            {
                seen.Note("first");
            }
        }

        Assert.Equal(["first", "u0"], (await seen.ReadAsync(["first", "second", "u0"])).Keys.Order());
    }
}
