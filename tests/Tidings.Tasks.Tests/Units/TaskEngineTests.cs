using System.Text;
using TestKit;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Tasks of one node: from their start to their end.</summary>
public sealed class TaskEngineTests : TaskEngineWorld
{
    [Fact]
    public async Task A_task_goes_from_pending_to_completed_with_its_result()
    {
        Kind("import", (invocation, _) =>
        {
            invocation.Progress.Report(40, "40 of 100 files");
            return Result($"{{\"given\":{Encoding.UTF8.GetString(invocation.Data.Span)}}}");
        });
        var state = await StartAsync("import", "7");
        Assert.Equal(WorkStatus.Pending, state.Status);
        Assert.Equal(
            new TaskState { Id = state.Id, Name = "import", Status = WorkStatus.Completed, Progress = 100, Message = "40 of 100 files", Result = "{\"given\":7}"u8.ToArray() },
            await EndAsync(state.Id));
    }

    [Fact]
    public async Task What_the_code_throws_fails_the_task_and_only_a_told_reason_is_told()
    {
        Kind("says", static (_, _) => throw new TaskFailedException("The file is empty."));
        Kind("throws", static (_, _) => throw new InvalidOperationException("secret"));
        Assert.Equal((WorkStatus.Failed, "The file is empty."), Ended(await EndAsync((await StartAsync("says")).Id)));
        Assert.Equal((WorkStatus.Failed, "Internal error"), Ended(await EndAsync((await StartAsync("throws")).Id)));
        Assert.Contains(_log.Lines, static line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_result_over_the_limit_fails_the_task()
    {
        _options = new TaskOptions { PayloadBytes = 10 };
        Kind("large", static (_, _) => Result("\"0123456789\""));
        var (status, error) = Ended(await EndAsync((await StartAsync("large")).Id));
        Assert.Equal(WorkStatus.Failed, status);
        Assert.Contains("12 bytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_run_at_once_so_many_wait_and_no_more_are_taken()
    {
        var gate = new TaskCompletionSource();
        var running = 0;
        Kind("wait", async (_, _) =>
        {
            Interlocked.Increment(ref running);
            await gate.Task;
            return default;
        });
        var started = new List<TaskState>();
        for (var i = 0; i < 4; i++)
        {
            started.Add(await StartAsync("wait"));
        }

        Assert.Equal(ErrorCode.TooMany, (await Assert.ThrowsAsync<TaskRefusedException>(() => StartAsync("wait"))).Code);
        await Eventually.EqualAsync(2, () => Volatile.Read(ref running), "The number of runs");
        gate.SetResult();
        foreach (var state in started)
        {
            Assert.Equal(WorkStatus.Completed, (await EndAsync(state.Id)).Status);
        }

        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await StartAsync("wait");
                return true;
            }
            catch (TaskRefusedException)
            {
                return false;
            }
        }, () => "a place is free again");
    }

    [Fact]
    public async Task A_taken_id_is_refused_and_its_place_is_given_back()
    {
        Kind("quick", static (_, _) => Result("1"));
        await StartAsync("outside", id: "one");
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(ErrorCode.Conflict, (await Assert.ThrowsAsync<TaskRefusedException>(() => StartAsync("quick", id: "one"))).Code);
        }

        Assert.Equal(WorkStatus.Completed, (await EndAsync((await StartAsync("quick")).Id)).Status);
    }

    [Fact]
    public async Task Cancelling_ends_the_task_at_once_and_reaches_its_code()
    {
        var seen = new TaskCompletionSource();
        Kind("long", async (_, cancelled) =>
        {
            await using var registration = cancelled.Register(seen.SetResult);
            await Task.Delay(Timeout.Infinite, cancelled);
            return default;
        });
        var state = await StartAsync("long");
        await StatusAsync(state.Id, WorkStatus.Running);
        Assert.Equal(WorkStatus.Cancelled, (await Engine.Facade.CancelAsync(state.Id))!.Status);
        await seen.Task.WaitAsync(Eventually.Limit);
        Assert.Equal(WorkStatus.Cancelled, (await EndAsync(state.Id)).Status);
        Assert.Equal(WorkStatus.Cancelled, (await Engine.Facade.CancelAsync(state.Id))!.Status);
        Assert.Null(await Engine.Facade.CancelAsync("none"));
    }

    [Fact]
    public async Task Another_node_that_cancels_reaches_the_one_that_runs_it()
    {
        using var other = NewEngine();
        var seen = new TaskCompletionSource();
        Kind("long", async (_, cancelled) =>
        {
            await using var registration = cancelled.Register(seen.SetResult);
            await Task.Delay(Timeout.Infinite, cancelled);
            return default;
        });
        var state = await StartAsync("long");
        await StatusAsync(state.Id, WorkStatus.Running);
        await other.Facade.CancelAsync(state.Id);
        await seen.Task.WaitAsync(Eventually.Limit);
        Assert.Equal(WorkStatus.Cancelled, (await EndAsync(state.Id)).Status);
    }

    [Fact]
    public async Task Over_its_time_a_task_is_cancelled_and_failed()
    {
        Engine.Starting.Add(new TaskKind("slow", static async (_, cancelled) =>
        {
            await Task.Delay(Timeout.Infinite, cancelled);
            return default;
        }) { TimeLimit = TimeSpan.FromSeconds(30) });
        var state = await StartAsync("slow");
        await StatusAsync(state.Id, WorkStatus.Running);
        var (status, error) = Ended(await EndAsync(state.Id, TimeSpan.FromSeconds(1)));
        Assert.Equal(WorkStatus.Failed, status);
        Assert.Contains("longer than", error, StringComparison.Ordinal);
    }
}
