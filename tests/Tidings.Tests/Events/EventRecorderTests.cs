using Tidings.Events;
using Tidings.Testing;

namespace Tidings.Tests.Events;

/// <summary>What a node notes, and what becomes of it while it cannot be stored.</summary>
public sealed class EventRecorderTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Two_subscribers_and_two_connections_of_a_member_are_told_once()
    {
        using var recorder = Begin();
        recorder.Subscribed("a");
        recorder.Subscribed("a");
        recorder.Joined("a", "anna", "1", default);
        recorder.Joined("a", "anna", "2", default);
        recorder.Joined("a", "anna", "2", default);
        recorder.Unsubscribed("a");
        recorder.Left("a", "anna", "2");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["Hold oa", "Hold ma\nanna"], Lines(recorder.Take()!));
        recorder.Unsubscribed("a");
        recorder.Left("a", "anna", "1");
        recorder.Left("a", "anna", "1");
        Assert.Null(recorder.Take());
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(["Release oa", "Release ma\nanna"], Lines(recorder.Take()!));
    }

    [Fact]
    public void Who_comes_back_and_leaves_again_is_away_from_then_on()
    {
        using var recorder = Begin();
        recorder.Joined("a", "anna", "1", default);
        recorder.Take();
        recorder.Left("a", "anna", "1");
        _time.Advance(TimeSpan.FromSeconds(2));
        recorder.Joined("a", "anna", "2", default);
        recorder.Left("a", "anna", "2");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(recorder.Take());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["Release ma\nanna"], Lines(recorder.Take()!));
    }

    [Fact]
    public void What_is_shown_of_a_member_falls_back_to_what_another_connection_has_said()
    {
        using var recorder = Begin();
        recorder.Joined("a", "anna", "1", "{}"u8.ToArray(), "1"u8.ToArray());
        recorder.Joined("a", "anna", "2", "{}"u8.ToArray(), "2"u8.ToArray());
        recorder.Joined("a", "anna", "3", "{}"u8.ToArray());
        recorder.Updated("a", "anna", "3", "2"u8.ToArray());
        recorder.Updated("a", "anna", "3", default);
        Assert.Equal(["MemberJoined 1", "MemberUpdated 2"], Shown(recorder));
        recorder.Left("a", "anna", "2");
        Assert.Equal(["MemberUpdated 1"], Shown(recorder));
        recorder.Updated("a", "anna", "1", default);
        Assert.Equal(["MemberUpdated {}"], Shown(recorder));
        recorder.Updated("a", "anna", "1", "4"u8.ToArray());
        recorder.Left("a", "anna", "3");
        recorder.Left("a", "anna", "1");
        Assert.Equal(["MemberUpdated 4"], Shown(recorder));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(["Release ma\nanna"], Lines(recorder.Take()!));
    }

    [Fact]
    public void A_connection_is_told_once_whatever_is_said_of_it()
    {
        using var recorder = Begin();
        recorder.Closed(7, 1000, "Never opened");
        recorder.Opened(8, new EventSubject { Connection = "x", User = "anna" });
        recorder.Opened(8, new EventSubject { Connection = "x", User = "anna" });
        recorder.Closed(8, 1000, "Goodbye");
        recorder.Closed(8, 1006, "Again");
        Assert.Equal(["Hold cx", "Release cx"], Lines(recorder.Take()!));
    }

    [Fact]
    public void What_cannot_be_stored_is_bounded_and_then_told_by_what_is_held()
    {
        using var recorder = Begin();
        recorder.Opened(1, new EventSubject { Connection = "stays" });
        for (var i = 2; i < 60_000; i++)
        {
            recorder.Opened(i, new EventSubject { Connection = $"{i}" });
            recorder.Closed(i, 1000, "Goodbye");
        }

        var batch = recorder.Take()!;
        Assert.True(batch.HoldsAll);
        Assert.Contains("Hold cstays", Lines(batch));
        Assert.InRange(batch.Dropped, 100_000, 120_000);
        recorder.Stored();
        Assert.True(recorder.Take() is { HoldsAll: false, Dropped: 0 });
    }

    [Fact]
    public void What_began_and_ended_before_it_was_stored_follows_all_that_was_held()
    {
        using var recorder = Begin();
        recorder.Opened(1, new EventSubject { Connection = "stays" });
        recorder.Opened(2, new EventSubject { Connection = "goes" });
        recorder.Subscribed("a");
        recorder.Take();
        recorder.Stored();
        recorder.Unsubscribed("a");
        recorder.Opened(3, new EventSubject { Connection = "passes" });
        recorder.Closed(3, 1000, "Goodbye");
        recorder.Closed(2, 1000, "Goodbye");
        _time.Advance(EventRecorder.Grace);
        recorder.Subscribed("a");
        recorder.Opened(4, new EventSubject { Connection = "comes" });
        recorder.HoldAnew();
        var all = recorder.Take()!;
        Assert.True(all.HoldsAll);
        Assert.Equal(["Hold cstays"], Lines(all));
        Assert.Equal(["cgoes", "oa"], all.Ending.Order());
        Assert.Equal(["cgoes", "cstays", "oa"], all.Kept().Order());
        recorder.Stored();
        Assert.Equal(["Hold cpasses", "Release cpasses", "Release cgoes", "Release oa", "Hold oa", "Hold ccomes"], Lines(recorder.Take()!));
        recorder.Stored();
        Assert.Null(recorder.Take());
    }

    [Fact]
    public async Task What_the_store_did_not_take_follows_all_that_was_held_before_what_came_since()
    {
        using var recorder = Begin();
        recorder.Opened(1, new EventSubject { Connection = "stays" });
        recorder.Take();
        recorder.Stored();
        recorder.Opened(2, new EventSubject { Connection = "first" });
        recorder.Opened(3, new EventSubject { Connection = "passes" });
        recorder.Closed(3, 1000, "Goodbye");
        var batch = recorder.Take()!;
        recorder.Closed(2, 1000, "Goodbye");
        var stored = recorder.StoredAsync(default).AsTask();
        recorder.PutBack([.. batch.Changes.Skip(1)]);
        recorder.Stored();
        var all = recorder.Take()!;
        Assert.True(all.HoldsAll);
        Assert.Equal(["Hold cstays"], Lines(all));
        Assert.Equal(["cfirst"], all.Ending);
        recorder.Stored();
        var rest = recorder.Take()!;
        Assert.Equal(["Hold cpasses", "Release cpasses", "Release cfirst"], Lines(rest));
        Assert.True(rest.Number > batch.Number);
        recorder.Stored();
        await stored;
    }

    [Fact]
    public void What_the_store_did_not_take_is_dropped_where_what_came_after_it_was()
    {
        using var recorder = Begin();
        recorder.Opened(1, new EventSubject { Connection = "stays" });
        var batch = recorder.Take()!;
        for (var i = 2; i < 50_003; i++)
        {
            recorder.Opened(i, new EventSubject { Connection = $"{i}" });
            recorder.Closed(i, 1000, "Goodbye");
        }

        recorder.PutBack(batch.Changes);
        recorder.Stored();
        var all = recorder.Take()!;
        Assert.True(all.HoldsAll);
        Assert.Equal(["Hold cstays"], Lines(all));
        Assert.Equal(100_001, all.Dropped);
    }

    [Fact]
    public async Task Who_waits_until_what_was_noted_is_stored_waits_for_no_more_than_that()
    {
        using var recorder = Begin();
        Assert.True(recorder.StoredAsync(default).AsTask().IsCompleted);
        recorder.Subscribed("a");
        var stored = recorder.StoredAsync(default).AsTask();
        recorder.Take();
        recorder.Subscribed("b");
        recorder.Stored();
        await stored;
        var stuck = recorder.StoredAsync(default).AsTask();
        recorder.Take();
        recorder.Stuck();
        await stuck;
        Assert.True(recorder.StoredAsync(default).AsTask().IsCompleted);
    }

    private EventRecorder Begin()
    {
        var recorder = new EventRecorder(_time);
        recorder.Begin([new EventReceiver("r", "r", EventFilter.Everything, null!)]);
        return recorder;
    }

    private static IEnumerable<string> Shown(EventRecorder recorder) =>
        recorder.Take()!.Changes.Select(static change => $"{change.Type} {System.Text.Encoding.UTF8.GetString(change.Subject.Info.Span)}");

    private static IEnumerable<string> Lines(EventBatch batch) => batch.Changes.Select(static change => $"{change.Kind} {change.Key}");
}
