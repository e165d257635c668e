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
    public async Task A_receiver_that_is_new_after_a_restart_is_told_of_no_end_without_its_beginning()
    {
        var store = await StartAsync(_world);
        _recorder.Opened(1, new EventSubject { Connection = "x", User = "bob" });
        _recorder.Subscribed("stays");
        _recorder.Subscribed("goes");
        await store.AddAsync(_recorder.Take()!, default);
        await using var killed = _world.Kill();
        EventReceiver[] both = [new("new", "new", EventFilter.Everything, null!), .. Receivers];
        killed.Start();
        var next = ((IBackplane)killed.Backplane).Events!;
        await next.StartAsync([.. both.Select(static receiver => receiver.Id)], new EventLimits(1000, 1 << 20), default);
        using var other = new EventRecorder(_time);
        other.Begin(both);
        other.Subscribed("stays");
        await next.AddAsync(other.Take()!, default);
        other.Unsubscribed("stays");
        _time.Advance(ReturnTime);
        await Eventually.TrueAsync(async () => (await LinesAsync(next, 1)).Count == 5, static () => "what did not come back");
        await next.AddAsync(other.Take()!, default);
        Assert.Equal(["channel.occupied stays", "channel.vacated stays"], await LinesAsync(next));
        Assert.Equal(["connection.opened bob", "channel.occupied stays", "channel.occupied goes", "connection.closed bob", "channel.vacated goes", "channel.vacated stays"], await LinesAsync(next, 1));
    }

    [Fact]
    public async Task Erased_messages_are_told_to_nobody_and_nothing_of_them_is_left_in_the_files()
    {
        var store = await StartAsync(_world);
        string[] said = ["told-canary", "first-canary", "other", "last-canary"];
        for (var i = 0; i < said.Length; i++)
        {
            await store.AddAsync(new EventBatch(i + 1, [Said(i + 1, said[i])], HoldsAll: false, Dropped: 0), default);
        }

        var page = await store.ReadAsync(0, default, 100);
        await store.RemoveAsync(0, [page.Events[0]], trimmed: 0);
        foreach (var offset in new[] { 1, 2, 4 })
        {
            await store.EraseAsync(new ErasedMessages("a", new Tidings.Protocol.StreamPosition("e", offset)), default);
        }

        var left = await store.ReadAsync(0, default, 100);
        Assert.Equal([page.Events[2].Id], left.Events.Select(static one => one.Id));
        Assert.NotEqual(page.Erasures, left.Erasures);
        foreach (var file in Directory.EnumerateFiles(_world.Root, "state.db*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("canary", Encoding.Latin1.GetString(ReadShared(file)), StringComparison.Ordinal);
        }

        await store.EraseAsync(new ErasedMessages("a", null, "next"), default);
        Assert.Empty((await store.ReadAsync(0, default, 100)).Events);

        static EventChange Said(long offset, string text) => new()
        {
            Kind = EventChangeKind.Tell,
            Type = Options.EventType.MessagePublished,
            Subject = new EventSubject { Channel = "a" },
            Message = new Messages.Message
            {
                Channel = "a", Position = new Tidings.Protocol.StreamPosition("e", offset), Time = 0, Data = new Messages.MessageData(Messages.DataKind.Json, Encoding.UTF8.GetBytes($"\"{text}\"")),
            },
            Receivers = 1,
            Number = offset,
            Time = 1,
        };

        static byte[] ReadShared(string file)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
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
        await store.StartAsync([.. Receivers.Select(static receiver => receiver.Id)], limits ?? new EventLimits(1000, 1 << 20), default);
        return store;
    }

    private static async Task<IReadOnlyList<string>> LinesAsync(IEventStore store, int receiver = 0) =>
        [.. (await store.ReadAsync(receiver, default, 100)).Events.Select(static one => EventBackEnd.Line(System.Text.Json.JsonElement.Parse(Encoding.UTF8.GetString(one.Json.Span))))];
}
