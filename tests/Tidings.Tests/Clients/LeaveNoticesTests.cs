using System.Text;
using Tidings.Clients;
using Tidings.Testing;
using Tidings.Tests.Lanes;

namespace Tidings.Tests.Clients;

/// <summary>Who has left is told at once, in one notice a turn, and no more often than the limit says.</summary>
public sealed class LeaveNoticesTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly List<string> _told = [];
    private LeaveNotices? _notices;

    private LeaveNotices Notices => _notices ??= new LeaveNotices(TidingsLanguage.En, _time, frame => _told.Add(Encoding.UTF8.GetString(frame.AsSpan(frame[1] < 126 ? 2 : 4))));

    [Fact]
    public void Those_who_leave_one_by_one_are_told_one_by_one_and_at_once()
    {
        for (var i = 0; i < 100; i++)
        {
            Notices.Add($"c{i}");
            Assert.Equal($$"""{"type":"system","message":"c{{i}} left"}""", _told[^1]);
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(100, _told.Count);
    }

    [Fact]
    public void Once_the_limit_is_used_up_they_are_gathered_until_the_next_notice_may_be_told()
    {
        for (var i = 0; i < 1000; i++)
        {
            Notices.Add($"c{i}");
        }

        Assert.Equal(LeaveNotices.Limit.Burst, _told.Count);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal(LeaveNotices.Limit.Burst, _told.Count);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(LeaveNotices.Limit.Burst + 1, _told.Count);
        Assert.Equal($$"""{"type":"system","message":"{{string.Join(", ", Enumerable.Range(10, 20).Select(static i => $"c{i}"))}} and 970 more left"}""", _told[^1]);
        Notices.Add("late");
        Assert.Equal(LeaveNotices.Limit.Burst + 1, _told.Count);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal("""{"type":"system","message":"late left"}""", _told[^1]);
    }

    [Fact]
    public void Those_who_leave_in_one_turn_of_a_lane_share_a_notice()
    {
        using var lane = new TestLane(_time);
        lane.Post(new Work(() =>
        {
            Notices.Add("ann");
            Notices.Add("bob <b>");
            Assert.Empty(_told);
        }));
        lane.RunTurns();
        Assert.Equal("""{"type":"system","message":"ann, bob <b> left"}""", Assert.Single(_told));
    }

    [Fact]
    public void It_speaks_Chinese_too()
    {
        _notices = new LeaveNotices(TidingsLanguage.Zh, _time, frame => _told.Add(Encoding.UTF8.GetString(frame.AsSpan(frame[1] < 126 ? 2 : 4))));
        for (var i = 0; i < 12; i++)
        {
            Notices.Add($"c{i}");
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"type":"system","message":"c0 离开了"}""", _told[0]);
        Assert.Equal("""{"type":"system","message":"c10、c11 离开了"}""", _told[^1]);
    }

    public void Dispose() => _notices?.Dispose();

    private sealed class Work(Action action) : Tidings.Lanes.ILaneWork
    {
        public void Run(object? argument) => action();
    }
}
