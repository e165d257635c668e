using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>A number that is missing is asked for until nobody can have it.</summary>
public sealed class NewsHolesTests
{
    private readonly NewsHoles _holes = new();

    [Fact]
    public void What_is_between_two_numbers_is_missing_until_it_is_there()
    {
        _holes.AddBetween(3, 6);
        Assert.Equal([4L, 5], _holes.Take().Order());
        _holes.Fill(4);
        Assert.Equal([5L], _holes.Take());
        _holes.AddBetween(6, 7);
        Assert.Equal(1, _holes.Count);
    }

    [Fact]
    public void It_is_given_up_once_all_have_ended_who_were_at_work_and_it_was_asked_for_once_more()
    {
        _holes.AddBetween(0, 3);
        _holes.Forget();
        Assert.Equal(2, _holes.Count);
        _holes.Look(["a", "b"]);
        _holes.Forget();
        _holes.Look(["b", "c"]);
        _holes.Forget();
        Assert.Equal(2, _holes.Count);
        _holes.Look(["c"]);
        Assert.Equal(2, _holes.Count);
        _holes.Forget();
        Assert.Equal(0, _holes.Count);
    }

    [Fact]
    public void Those_that_came_later_wait_for_others()
    {
        _holes.AddBetween(0, 2);
        _holes.Look(["a"]);
        _holes.AddBetween(5, 7);
        _holes.Look(["b"]);
        _holes.Forget();
        Assert.Equal([6L], _holes.Take());
        _holes.Look([]);
        _holes.Forget();
        Assert.Equal(0, _holes.Count);
    }

    [Fact]
    public void Of_a_sequence_that_went_far_ahead_nothing_is_missing()
    {
        _holes.AddBetween(10, 10_000_000);
        Assert.Equal(0, _holes.Count);
    }
}
