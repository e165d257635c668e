using System.Text;
using TestKit;
using Tidings.Data.Tests.World;
using Tidings.Engine;
using Tidings.Events;

namespace Tidings.Data.Tests.State;

/// <summary>Events outlive the process, and what it held is ended by the next one: once.</summary>
public sealed class EventStoreTests : IAsyncDisposable
{
    private static readonly EventReceiver[] Receivers = [new("r", "r", EventFilter.Everything, null!)];

    private readonly ManualTime _time = new();
    private readonly DataWorld _world;
    private readonly EventRecorder _recorder;

    public EventStoreTests()
    {
        _world = new DataWorld(_time);
        _recorder = new EventRecorder(_time);
        _recorder.Begin(Receivers);
    }

    public async ValueTask DisposeAsync()
    {
        _recorder.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task What_waits_is_there_after_a_kill_in_its_order_and_what_was_taken_is_not()
    {
        var store = await StartAsync(_world);
        for (var i = 0; i < 10; i++)
        {
            _recorder.Subscribed($"c{i}");
            await store.AddAsync(_recorder.Take()!, default);
        }

        var page = await store.ReadAsync(0, default, 100);
        await store.RemoveAsync(0, [page.Events[0], page.Events[3], page.Events[9]], trimmed: 0);
        await using var killed = _world.Kill();
        var next = await StartAsync(killed);
        Assert.Equal(new[] { 1, 2, 4, 5, 6, 7, 8 }.Select(static i => $"channel.occupied c{i}"), await LinesAsync(next));

        // Places are never given again: what is added comes behind all.
        using var other = new EventRecorder(_time);
        other.Begin(Receivers);
        other.Subscribed("new");
        await next.AddAsync(other.Take()!, default);
        Assert.Equal("channel.occupied new", (await LinesAsync(next))[^1]);
        Assert.True((await next.ReadAsync(0, page.Events[9].Place, 10)).Events is [{ } last] && last.Place.CompareTo(page.Events[9].Place) > 0);
    }

    [Fact]
    public async Task What_was_held_when_the_process_was_killed_is_ended_once_connections_at_once_and_the_rest_unless_it_comes_back()
    {
        var store = await StartAsync(_world);
        _recorder.Opened(1, new EventSubject { Connection = "x", User = "bob" });
        _recorder.Subscribed("stays");
        _recorder.Subscribed("goes");
        _recorder.Joined("stays", "bob", "x", default);
        await store.AddAsync(_recorder.Take()!, default);
        await using var killed = _world.Kill();
        var next = await StartAsync(killed);
        string[] told = ["connection.opened bob", "channel.occupied stays", "channel.occupied goes", "member.joined stays bob", "connection.closed bob"];
        Assert.Equal(told, await LinesAsync(next));

        using var other = new EventRecorder(_time);
        other.Begin(Receivers);
        other.Subscribed("stays");
        other.Joined("stays", "bob", "y", default);
        await next.AddAsync(other.Take()!, default);
        _time.Advance(ReturnTime);
        await Eventually.TrueAsync(async () => (await LinesAsync(next)).Count == 6, static () => "what did not come back");
        Assert.Equal([.. told, "channel.vacated goes"], await LinesAsync(next));

        await using var again = killed.Kill();
        Assert.Equal([.. told, "channel.vacated goes"], await LinesAsync(await StartAsync(again)));
        _time.Advance(ReturnTime);
        var last = ((IBackplane)again.Backplane).Events!;
        await Eventually.TrueAsync(async () => (await LinesAsync(last)).Count == 8, static () => "the rest");
        Assert.Equal(["channel.vacated stays", "member.left stays bob"], (await LinesAsync(last)).Skip(6).Order());
    }

    [Fact]
    public async Task What_is_dropped_for_want_of_room_is_told_as_dropped_also_by_the_next_process()
    {
        var store = await StartAsync(_world, new EventLimits(5, 1 << 20));
        for (var i = 0; i < 8; i++)
        {
            _recorder.Subscribed($"c{i}");
        }

        await store.AddAsync(_recorder.Take()!, default);
        Assert.Equal((5L, 3L), ((await store.CountAsync(0)).Events, (await store.CountAsync(0)).Trimmed));
        await _world.RestartAsync();
        var next = await StartAsync(_world, new EventLimits(5, 1 << 20), started: true);
        Assert.Equal((5L, 3L), ((await next.CountAsync(0)).Events, (await next.CountAsync(0)).Trimmed));
        await next.RemoveAsync(0, [], trimmed: -3);
        Assert.Equal(0, (await next.CountAsync(0)).Trimmed);
    }

    private static TimeSpan ReturnTime => Tidings.Data.State.DataEventStore.ReturnTime;

    private static async Task<IEventStore> StartAsync(DataWorld world, EventLimits? limits = null, bool started = false)
    {
        if (!started)
        {
            world.Start();
        }

        var store = ((IBackplane)world.Backplane).Events!;
        await store.StartAsync(Receivers, limits ?? new EventLimits(1000, 1 << 20), default);
        return store;
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(IEventStore store) =>
        [.. (await store.ReadAsync(0, default, 100)).Events.Select(static one => EventBackEnd.Line(System.Text.Json.JsonElement.Parse(Encoding.UTF8.GetString(one.Json.Span))))];
}
