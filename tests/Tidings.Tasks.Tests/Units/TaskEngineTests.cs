using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Tasks of one node, on manual time.</summary>
public sealed class TaskEngineTests : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly ManualTime _time = new();
    private readonly Hub _hub = new();
    private readonly MemoryBroker _broker;
    private readonly MemoryTaskStore _store;
    private readonly LogCollector _log = new();
    private readonly List<TaskState> _told = [];
    private TaskOptions _options = new() { Parallelism = 2, QueueLength = 2, Retention = TimeSpan.FromMinutes(1) };
    private TaskEngine? _engine;

    public TaskEngineTests()
    {
        _broker = new MemoryBroker(_hub, _time);
        _store = new MemoryTaskStore(_time, 1024 * 1024);
    }

    private TaskEngine Engine => _engine ??= NewEngine();

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
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            version = (await _store.FindAsync(state.Id))!.Version;
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
    public async Task A_task_for_which_no_worker_comes_fails_in_the_end()
    {
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

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await _engine.StopAsync(CancellationToken.None);
            _engine.Dispose();
        }

        _broker.Dispose();
    }

    private List<TaskState> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    private TaskEngine NewEngine() => new(_options, _store, _broker, _hub, new ChannelKinds(), null, System.Text.Json.JsonSerializerOptions.Web, _time, _log.CreateLogger("tasks"));

    private static Task<ReadOnlyMemory<byte>> Result(string json) => Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(json));

    private static (WorkStatus, string?) Ended(TaskState state) => (state.Status, state.Error);

    private void Kind(string name, TaskBody body) => Engine.Starting.Add(new TaskKind(name, body));

    private Task<TaskState> StartAsync(string name, string? json = null, string? id = null) =>
        Engine.Facade.StartJsonAsync(name, Encoding.UTF8.GetBytes(json ?? ""), new TaskStartOptions { Id = id });

    private async Task ReportAsync(string id, TaskReport report) => Assert.True((await Engine.Registry.ReportAsync(id, report, default)).IsAccepted);

    private Task StatusAsync(string id, WorkStatus status) =>
        Eventually.TrueAsync(async () => (await _store.FindAsync(id))?.State.Status == status, () => $"task {id} is {status}");

    private void Listen(string id) => _hub.Listen(new Ear(_told), TaskId.ChannelOf(id));

    // Time goes on meanwhile, where it is to.
    private async Task<TaskState> EndAsync(string id, TimeSpan? step = null)
    {
        TaskState? state = null;
        await Eventually.TrueAsync(async () =>
        {
            _time.Advance(step ?? Tick);
            state = (await _store.FindAsync(id))?.State;
            return state is { IsFinal: true };
        }, () => $"{state} has ended");
        return state!;
    }

    private sealed class Ear(List<TaskState> told) : IMessageListener
    {
        public void Offer(Message message)
        {
            lock (told)
            {
                told.Add(TaskStateJson.Read(message.Data.ToJson().Span)!);
            }
        }
    }
}
