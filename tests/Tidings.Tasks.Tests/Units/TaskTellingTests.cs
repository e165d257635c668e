using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Units;

/// <summary>What viewers are told of tasks, and what becomes of both when the node stops.</summary>
public sealed class TaskTellingTests : TaskEngineWorld
{
    [Fact]
    public async Task Of_fast_reports_the_newest_are_told_ten_a_second_and_the_final_one_at_once()
    {
        var state = await StartAsync("outside");
        Listen(state.Id);
        await Engine.Registry.Echo.SettleAsync();
        for (var i = 1; i <= 1000; i++)
        {
            await ReportAsync(state.Id, new TaskReport { Progress = i / 10.0 });
            if (i % 100 == 0)
            {
                _time.Advance(Tick);
                await Engine.Registry.Echo.SettleAsync();
            }
        }

        await ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed });
        await Eventually.TrueAsync(() => Told.Count > 0 && Told[^1].IsFinal, "The final state is told");
        Assert.InRange(Told.Count, 8, 14);
        Assert.Equal(Told.OrderBy(static told => told.Progress), Told);
    }

    [Fact]
    public async Task Who_watches_sees_the_present_state_what_follows_and_the_end()
    {
        var state = await StartAsync("outside");
        await ReportAsync(state.Id, new TaskReport { Progress = 20 });
        var seen = new List<TaskState>();
        var watching = Task.Run(async () =>
        {
            await foreach (var shown in Engine.Facade.WatchAsync(state.Id))
            {
                lock (seen)
                {
                    seen.Add(shown);
                }
            }
        });
        await Eventually.TrueAsync(() => Count() == 1, "The present state is seen");
        await ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Failed, Error = "no" });
        await watching.WaitAsync(Eventually.Limit);
        Assert.Equal((20, WorkStatus.Failed), (seen[0].Progress, seen[^1].Status));
        await foreach (var _ in Engine.Facade.WatchAsync("none"))
        {
            Assert.Fail("There is no such task.");
        }

        int Count()
        {
            lock (seen)
            {
                return seen.Count;
            }
        }
    }

    [Fact]
    public async Task Stopping_cancels_what_runs_and_what_waits()
    {
        Kind("long", static async (_, cancelled) =>
        {
            await Task.Delay(Timeout.Infinite, cancelled);
            return default;
        });
        var states = new List<TaskState>();
        for (var i = 0; i < 4; i++)
        {
            states.Add(await StartAsync("long"));
        }

        await Engine.StopAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        foreach (var state in states)
        {
            Assert.Equal((WorkStatus.Cancelled, "The server is shutting down."), Ended((await _store.FindAsync(state.Id))!.State));
        }

        Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<TaskRefusedException>(() => StartAsync("long"))).Code);
    }

    [Fact]
    public async Task Stopping_may_wait_for_what_runs()
    {
        _options.Shutdown = TaskShutdown.Wait;
        var gate = new TaskCompletionSource();
        Kind("long", async (_, _) =>
        {
            await gate.Task;
            return default;
        });
        var running = await StartAsync("long");
        await StatusAsync(running.Id, WorkStatus.Running);
        var stopping = Engine.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        gate.SetResult();
        await stopping.WaitAsync(Eventually.Limit);
        Assert.Equal(WorkStatus.Completed, (await _store.FindAsync(running.Id))!.State.Status);
    }

    [Fact]
    public async Task Lines_of_a_log_are_told_beside_the_task()
    {
        Kind("talks", static (invocation, _) =>
        {
            invocation.Progress.Log("one");
            invocation.Progress.Log(new string('ü', 1000));
            return Task.FromResult<ReadOnlyMemory<byte>>(default);
        });
        var state = await StartAsync("talks");
        await EndAsync(state.Id);
        await Engine.Registry.Echo.SettleAsync();
        var part = await _broker.ReadAsync(TaskId.LogOf(state.Id), new HistoryRequest(null, 10));
        var lines = part.Messages.SelectMany(static message => System.Text.Json.JsonElement.Parse(message.Data.ToJson().Span).GetProperty("lines").EnumerateArray()).Select(static line => line.GetString()).ToList();
        Assert.Equal(["one", new string('ü', 512)], lines);
    }
}
