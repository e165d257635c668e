using Tidings.Tasks;
using Xunit;

namespace Tidings.Specification;

/// <summary>What every store of tasks keeps to.</summary>
public abstract class TaskStoreRules
{
    private static readonly TimeSpan Far = TimeSpan.FromHours(1);

    protected abstract ITaskStore Store { get; }

    /// <summary>Lets time pass for the store.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    [Fact]
    public async Task What_was_added_is_found_whole()
    {
        var record = Record(NewId()) with
        {
            State = new TaskState { Id = NewId(), Name = "import", Status = WorkStatus.Running, Progress = 12.5, Message = "\"12\" of <ü> 😀\n", Error = "e" },
            Data = "{\"a\":[1,\"\\u0000\",\"ü\"]}"u8.ToArray(),
            Cancel = ChannelAccess.Users,
            Node = "node",
        };
        Assert.Equal(TaskAdded.Yes, await Store.TryAddAsync(record, Far));
        await ExpectAsync(record);
    }

    [Fact]
    public async Task An_id_is_taken_once()
    {
        var record = Record(NewId());
        var added = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await Store.TryAddAsync(record, Far))));
        Assert.Equal(1, added.Count(static result => result == TaskAdded.Yes));
        Assert.Equal(19, added.Count(static result => result == TaskAdded.Exists));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_and_not_replaced()
    {
        var record = Record(NewId());
        Assert.Null(await Store.FindAsync(record.Id));
        Assert.False(await Store.TryReplaceAsync(record.Next(record.State), record.Version, Far));
        await Store.RemoveAsync(record.Id, record.Version);
        Assert.Null(await Store.FindAsync(record.Id));
    }

    [Fact]
    public async Task A_change_needs_the_version_that_is_there()
    {
        var first = Record(NewId());
        await Store.TryAddAsync(first, Far);
        var second = first.Next(first.State with { Status = WorkStatus.Running, Progress = 10 });
        Assert.True(await Store.TryReplaceAsync(second, first.Version, Far));
        Assert.False(await Store.TryReplaceAsync(first.Next(first.State with { Progress = 5 }), first.Version, Far));
        await ExpectAsync(second);
        var last = second.Next(second.State with { Status = WorkStatus.Completed, Progress = 100, Result = "{\"rows\":7}"u8.ToArray() }) with { Announced = true };
        Assert.True(await Store.TryReplaceAsync(last, second.Version, Far));
        await ExpectAsync(last);
    }

    [Fact]
    public async Task Of_many_changes_of_one_version_one_is_made()
    {
        var first = Record(NewId());
        await Store.TryAddAsync(first, Far);
        for (var round = 0; round < 10; round++)
        {
            var now = (await Store.FindAsync(first.Id))!;
            var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
                Task.Run(async () => await Store.TryReplaceAsync(now.Next(now.State with { Message = $"{round} {i}" }), now.Version, Far))));
            Assert.Equal(1, made.Count(static one => one));
        }

        Assert.Equal(first.Version + 10, (await Store.FindAsync(first.Id))!.Version);
    }

    [Fact]
    public async Task A_task_is_forgotten_by_who_knows_its_version()
    {
        var record = Record(NewId());
        await Store.TryAddAsync(record, Far);
        await Store.RemoveAsync(record.Id, record.Version + 1);
        await ExpectAsync(record);
        await Store.RemoveAsync(record.Id, record.Version);
        Assert.Null(await Store.FindAsync(record.Id));
        Assert.Equal(TaskAdded.Yes, await Store.TryAddAsync(record, Far));
    }

    [Fact]
    public async Task Tasks_are_due_after_their_time_until_they_are_put_off()
    {
        var soon = Record(NewId());
        var sooner = Record(NewId());
        var late = Record(NewId());
        await Store.TryAddAsync(soon, TimeSpan.FromSeconds(2.5));
        await Store.TryAddAsync(late, Far);
        await Store.TryAddAsync(sooner, TimeSpan.FromSeconds(2));
        Assert.Empty(await DueAsync(soon, sooner, late));
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.Equal([sooner.Id, soon.Id], await DueAsync(soon, sooner, late));
        Assert.Equal([sooner.Id, soon.Id], await DueAsync(soon, sooner, late));
        await Store.TryReplaceAsync(sooner.Next(sooner.State), sooner.Version, Far);
        await Store.RemoveAsync(soon.Id, soon.Version);
        Assert.Empty(await DueAsync(soon, sooner, late));
        await Store.TryReplaceAsync(late.Next(late.State), late.Version, TimeSpan.FromSeconds(0.1));
        await PassAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal([late.Id], await DueAsync(soon, sooner, late));
    }

    [Fact]
    public async Task All_are_listed_those_first_that_are_due_soonest()
    {
        var (late, soon, due) = (Record(NewId()), Record(NewId()), Record(NewId()));
        await Store.TryAddAsync(late, Far);
        await Store.TryAddAsync(soon, TimeSpan.FromMinutes(1));
        await Store.TryAddAsync(due, TimeSpan.FromSeconds(0.1));
        await PassAsync(TimeSpan.FromSeconds(0.5));
        var ids = new[] { late.Id, soon.Id, due.Id };
        Assert.Equal([due.Id, soon.Id, late.Id], (await Store.ListAsync(1000)).Select(static record => record.Id).Where(ids.Contains));

        // The first of all may be another test's, and be removed between the look at what is due and the look at it.
        Assert.InRange((await Store.ListAsync(1)).Count, 0, 1);
    }

    [Fact]
    public async Task A_task_that_is_renewed_is_never_due()
    {
        var record = Record(NewId());
        var lease = TimeSpan.FromSeconds(4);
        await Store.TryAddAsync(record, lease);
        for (var i = 0; i < 10; i++)
        {
            await PassAsync(lease / 8);
            Assert.Empty(await DueAsync(record));
            var next = record.Next(record.State);
            Assert.True(await Store.TryReplaceAsync(next, record.Version, lease));
            record = next;
        }
    }

    protected static TaskRecord Record(string id) => new(new TaskState { Id = id, Name = "import" });

    protected static string NewId() => Guid.NewGuid().ToString("N");

    private async Task<List<string>> DueAsync(params TaskRecord[] among)
    {
        var ids = among.Select(static record => record.Id).ToHashSet();
        return [.. (await Store.ListDueAsync(1000)).Select(static record => record.Id).Where(ids.Contains)];
    }

    private async Task ExpectAsync(TaskRecord expected)
    {
        var found = await Store.FindAsync(expected.Id);
        Assert.NotNull(found);
        Assert.Equal(expected.State, found.State);
        Assert.Equal(expected.Data.ToArray(), found.Data.ToArray());
        Assert.Equal((expected.Version, expected.Cancel, expected.Node, expected.Announced), (found.Version, found.Cancel, found.Node, found.Announced));
    }
}
