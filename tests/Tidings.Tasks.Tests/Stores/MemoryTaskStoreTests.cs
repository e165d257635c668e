using Tidings.Specification;

namespace Tidings.Tasks.Tests.Stores;

public sealed class MemoryTaskStoreTests : TaskStoreRules
{
    private readonly ManualTime _time = new();
    private readonly MemoryTaskStore _store;

    public MemoryTaskStoreTests() => _store = new MemoryTaskStore(_time, 1024 * 1024);

    protected override ITaskStore Store => _store;

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Where_there_is_no_room_none_is_added_until_one_is_forgotten()
    {
        var store = new MemoryTaskStore(_time, 64 * 1024);
        var count = 0;
        while (await store.TryAddAsync(Record($"task{count}") with { Data = new byte[1000] }, TimeSpan.FromHours(1)) == TaskAdded.Yes)
        {
            count++;
        }

        Assert.InRange(count, 20, 60);
        Assert.Equal(TaskAdded.Full, await store.TryAddAsync(Record("one-more") with { Data = new byte[1000] }, TimeSpan.FromHours(1)));
        await store.RemoveAsync("task0", TaskRecord.FirstVersion);
        Assert.Equal(TaskAdded.Yes, await store.TryAddAsync(Record("one-more") with { Data = new byte[1000] }, TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task A_million_renewals_cost_no_memory()
    {
        var record = Record("busy");
        await _store.TryAddAsync(record, TimeSpan.FromSeconds(15));
        for (var i = 0; i < 1_000_000; i++)
        {
            var next = record.Next(record.State);
            Assert.True(await _store.TryReplaceAsync(next, record.Version, TimeSpan.FromSeconds(15)));
            record = next;
            if (i % 100 == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                Assert.Empty(await _store.ListDueAsync(10));
            }
        }

        Assert.Equal(1, _store.Queued);
    }
}
