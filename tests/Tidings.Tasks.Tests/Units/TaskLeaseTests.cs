using TestKit;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Tasks whose worker is silent, whose node has died, and whose time is over.</summary>
public sealed class TaskLeaseTests : TaskEngineWorld
{
    [Fact]
    public async Task A_task_whose_code_is_silent_keeps_its_lease()
    {
        var gate = new TaskCompletionSource();
        Kind("silent", async (_, _) =>
        {
            await gate.Task;
            return default;
        });
        var state = await StartAsync("silent");
        await StatusAsync(state.Id, WorkStatus.Running);
        for (var version = 0L; version < 20;)
        {
            // A renewal is due after a third of the lease and done on another thread. One that falls upon the end of the one before is left out: then the next third brings it.
            var before = version;
            var looks = 0;
            await Eventually.TrueAsync(
                async () =>
                {
                    if (looks++ % 50 == 0)
                    {
                        _time.Advance(_options.Lease / 3);
                    }

                    return (version = (await _store.FindAsync(state.Id))!.Version) > before;
                },
                () => "it is renewed");
        }

        Assert.Equal(WorkStatus.Running, (await _store.FindAsync(state.Id))!.State.Status);
        gate.SetResult();
        Assert.Equal(WorkStatus.Completed, (await EndAsync(state.Id)).Status);
    }

    [Fact]
    public async Task A_worker_outside_that_is_silent_for_the_lease_is_lost()
    {
        var state = await StartAsync("outside");
        await ReportAsync(state.Id, new TaskReport { Progress = 10 });
        _time.Advance(TimeSpan.FromSeconds(13.9));
        await ReportAsync(state.Id, TaskReport.Alive);
        _time.Advance(TimeSpan.FromSeconds(13.9));
        Assert.Equal(WorkStatus.Running, (await _store.FindAsync(state.Id))!.State.Status);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        var ended = await EndAsync(state.Id);
        Assert.Equal((WorkStatus.Failed, "worker lost"), Ended(ended));
        Assert.Equal(10, ended.Progress);
        Assert.Equal(TaskVerdict.Conflict, (await Engine.Registry.ReportAsync(state.Id, new TaskReport { Progress = 90 }, default)).Verdict);
    }

    [Fact]
    public async Task A_worker_outside_that_writes_output_is_heard_of()
    {
        var state = await StartAsync("outside");
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(StreamVerdict.Appended, (await Engine.Registry.AppendAsync(state.Id, "x"u8.ToArray(), i, isBinary: false)).Verdict);
            Assert.Equal(WorkStatus.Running, (await _store.FindAsync(state.Id))!.State.Status);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // A renewal each third of the lease, and not one for each chunk.
        Assert.InRange((await _store.FindAsync(state.Id))!.Version, 10, 40);
        _time.Advance(_options.Lease);
        Assert.Equal((WorkStatus.Failed, "worker lost"), Ended(await EndAsync(state.Id)));
    }

    [Fact]
    public async Task A_task_for_which_no_worker_comes_fails_in_the_end()
    {
        // It is not forgotten again within the last step.
        _options.Retention = TimeSpan.FromHours(2);
        var state = await StartAsync("outside");
        _time.Advance(TimeSpan.FromHours(23.9));
        Assert.Equal(WorkStatus.Pending, (await _store.FindAsync(state.Id))!.State.Status);
        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal((WorkStatus.Failed, "no worker came"), Ended(await EndAsync(state.Id, TimeSpan.FromSeconds(1))));
    }

    [Fact]
    public async Task A_node_that_died_leaves_tasks_that_another_one_fails()
    {
        var gate = new TaskCompletionSource();
        var dying = NewEngine();
        dying.Starting.Add(new TaskKind("work", async (_, _) =>
        {
            await gate.Task;
            return default;
        }));
        var running = await dying.Facade.StartAsync("work");
        await StatusAsync(running.Id, WorkStatus.Running);
        dying.Dispose();
        _ = Engine;
        Assert.Equal((WorkStatus.Failed, "worker lost"), Ended(await EndAsync(running.Id, TimeSpan.FromSeconds(1))));
        gate.SetResult();
    }

    [Fact]
    public async Task A_final_state_that_its_node_could_not_tell_is_told_by_another()
    {
        var record = new TaskRecord(new TaskState { Id = "x", Name = "outside", Status = WorkStatus.Completed, Progress = 100 });
        await _store.TryAddAsync(record, TimeSpan.FromSeconds(14));
        Listen("x");
        _ = Engine;
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(Told.Count > 0);
        }, () => "it is told");
        Assert.Equal([record.State], Told);
        Assert.True((await _store.FindAsync("x"))!.Announced);
    }

    [Fact]
    public async Task After_its_retention_a_task_is_forgotten()
    {
        var state = await StartAsync("outside");
        await ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed });
        await EndAsync(state.Id);
        await Eventually.TrueAsync(async () => (await _store.FindAsync(state.Id))!.Announced, () => "it is noted that the end was told");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(await Engine.Facade.FindAsync(state.Id));
        await Eventually.TrueAsync(async () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return await Engine.Facade.FindAsync(state.Id) is null;
        }, () => "it is forgotten");
        Assert.Equal(0, Engine.Registry.Echo.Voices);
    }
}
