using System.Text.Json;
using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Units;

/// <summary>What is told of a task though store and broker fail now and then, and others report it at the same time.</summary>
public sealed class TaskFaultTests : TaskEngineWorld
{
    private readonly BetweenStore _between;
    private readonly FailingBroker _failing;

    public TaskFaultTests() => (_between, _failing) = (new BetweenStore(_store), new FailingBroker(_broker));

    private protected override ITaskStore StoreOfEngine => _between;

    private protected override IBroker BrokerOfEngine => _failing;

    [Fact]
    public async Task An_earlier_state_that_waited_for_its_turn_is_not_told_behind_the_end_that_another_node_told()
    {
        using var other = NewEngine();
        var state = await StartAsync("outside");
        Listen(state.Id);
        await Engine.Registry.Echo.SettleAsync();
        await ReportAsync(state.Id, new TaskReport { Progress = 10 });
        await other.Registry.ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed }, default);
        await Eventually.TrueAsync(() => Told is [.., { IsFinal: true }], "the other node tells the end");
        await RestAsync();
        Assert.Equal(WorkStatus.Completed, Told[^1].Status);
        await other.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_earlier_state_that_was_being_told_as_the_task_ended_is_followed_by_the_end_again()
    {
        using var other = NewEngine();
        var state = await StartAsync("outside");
        Listen(state.Id);
        await RestAsync();
        _failing.BeforePublish = async publication =>
        {
            if (publication.Channel == TaskId.ChannelOf(state.Id))
            {
                _failing.BeforePublish = null;
                await other.Registry.ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed }, default);
                await Eventually.TrueAsync(() => Told is [.., { IsFinal: true }], "the other node tells the end");
            }
        };
        await ReportAsync(state.Id, new TaskReport { Progress = 10 });
        await Eventually.TrueAsync(() => Told.Count >= 4, "Four states are told");
        await RestAsync();
        Assert.Equal([WorkStatus.Completed, WorkStatus.Running, WorkStatus.Completed], Told.TakeLast(3).Select(static told => told.Status));
        await other.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_end_that_came_while_an_earlier_state_was_being_told_is_told_once_and_noted_though_no_time_passes()
    {
        var state = await StartAsync("outside");
        Listen(state.Id);
        await RestAsync();
        _failing.BeforePublish = async _ =>
        {
            _failing.BeforePublish = null;
            await ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed });
        };
        await ReportAsync(state.Id, new TaskReport { Progress = 10 });
        await Eventually.TrueAsync(async () => (await _store.FindAsync(state.Id))!.Announced, () => "it is noted that the end was told");
        await RestAsync();
        Assert.Equal([WorkStatus.Running, WorkStatus.Completed], Told.TakeLast(2).Select(static told => told.Status));
    }

    [Fact]
    public async Task A_final_report_that_the_store_kept_and_could_not_confirm_is_told_by_its_repeat()
    {
        var state = await StartAsync("outside");
        Listen(state.Id);
        await RestAsync();
        _between.AfterWrite = _ => throw new BrokerUnavailableException("The answer was lost.");
        var final = new TaskReport { Status = WorkStatus.Completed, Log = ["last"] };
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await Engine.Registry.ReportAsync(state.Id, final, default));
        _between.AfterWrite = null;
        Assert.DoesNotContain(Told, static told => told.IsFinal);
        await ReportAsync(state.Id, final);
        await Eventually.TrueAsync(() => Told is [.., { IsFinal: true }], "the end is told");
        await RestAsync();
        Assert.Equal(["last"], await LinesAsync(state.Id));
    }

    [Fact]
    public async Task Whoever_calls_ends_nothing_that_was_begun()
    {
        var state = await StartAsync("outside");
        Listen(state.Id);
        using var caller = new CancellationTokenSource();
        _between.AfterWrite = _ => caller.CancelAsync();
        var outcome = await Engine.Registry.ReportAsync(state.Id, new TaskReport { Status = WorkStatus.Completed }, caller.Token);
        Assert.Equal(TaskVerdict.Changed, outcome.Verdict);
        await Eventually.TrueAsync(() => Told is [.., { IsFinal: true }], "the end is told");
        using var starter = new CancellationTokenSource();
        _between.AfterWrite = _ => starter.CancelAsync();
        Kind("own", static (_, _) => Result("1"));
        var own = await Engine.Facade.StartAsync("own", starter.Token);
        Assert.Equal(WorkStatus.Completed, (await EndAsync(own.Id)).Status);
    }

    [Fact]
    public async Task No_line_is_lost_where_store_and_broker_fail_once()
    {
        var logged = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        Kind("talks", async (invocation, _) =>
        {
            invocation.Progress.Report(40, "first");
            invocation.Progress.Log("one");
            logged.SetResult();
            await goOn.Task;
            return default;
        });
        var failures = 0;
        _between.BeforeWrite = record => record.State.Status == WorkStatus.Running && record.Version > 2 && Interlocked.Increment(ref failures) == 1
            ? throw new BrokerUnavailableException("The store is away.")
            : Task.CompletedTask;
        var refusals = 0;
        _failing.BeforePublish = publication => publication.Channel.EndsWith(":log", StringComparison.Ordinal) && Interlocked.Increment(ref refusals) == 1
            ? throw new BrokerUnavailableException("The broker is away.")
            : Task.CompletedTask;
        var state = await StartAsync("talks");
        await logged.Task.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(async () =>
        {
            _time.Advance(Tick);
            return (await LinesAsync(state.Id)).Count > 0 && (await _store.FindAsync(state.Id))!.State.Message == "first";
        }, () => $"{failures} {refusals}");
        goOn.SetResult();
        await EndAsync(state.Id);
        await RestAsync();
        Assert.Equal(["one"], await LinesAsync(state.Id));
        Assert.True(failures > 0 && refusals > 0);
    }

    [Fact]
    public async Task A_long_line_and_a_long_message_do_not_fail_a_task()
    {
        Kind("talks", static (invocation, _) =>
        {
            invocation.Progress.Report(40, new string('ü', 5000));
            invocation.Progress.Log(new string('x', 5000));
            return Task.FromResult<ReadOnlyMemory<byte>>(default);
        });
        var ended = await EndAsync((await StartAsync("talks")).Id);
        Assert.Equal((WorkStatus.Completed, new string('ü', 2048)), (ended.Status, ended.Message));
    }

    // Until nothing waits to be told.
    private Task RestAsync() => Eventually.TrueAsync(() =>
    {
        _time.Advance(Tick);
        return Task.FromResult(Engine.Registry.Echo.Voices == 0);
    }, () => $"{Engine.Registry.Echo.Voices} still tell");

    private async Task<List<string?>> LinesAsync(string id)
    {
        var part = await _broker.ReadAsync(TaskId.LogOf(id), new HistoryRequest(null, 100));
        return [.. part.Messages.SelectMany(static message => JsonElement.Parse(message.Data.ToJson().Span).GetProperty("lines").EnumerateArray()).Select(static line => line.GetString())];
    }

    private sealed class BetweenStore(ITaskStore inner) : ITaskStore
    {
        public Func<TaskRecord, Task>? BeforeWrite { get; set; }
        public Func<TaskRecord, Task>? AfterWrite { get; set; }

        public async ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due)
        {
            var added = await inner.TryAddAsync(record, due);
            await (AfterWrite?.Invoke(record) ?? Task.CompletedTask);
            return added;
        }

        public async ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due)
        {
            await (BeforeWrite?.Invoke(record) ?? Task.CompletedTask);
            var replaced = await inner.TryReplaceAsync(record, version, due);
            await (AfterWrite?.Invoke(record) ?? Task.CompletedTask);
            return replaced;
        }

        public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken) => inner.FindAsync(id, cancellationToken);

        public ValueTask RemoveAsync(string id, long version) => inner.RemoveAsync(id, version);

        public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken) => inner.ListDueAsync(most, cancellationToken);

        public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken) => inner.ListAsync(most, cancellationToken);
    }

    private sealed class FailingBroker(IBroker inner) : IBroker
    {
        public Func<Publication, Task>? BeforePublish { get; set; }

        public async ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken)
        {
            await (BeforePublish?.Invoke(publication) ?? Task.CompletedTask);
            return await inner.PublishAsync(publication, cancellationToken);
        }

        public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken) => inner.EraseAsync(channel, position, cancellationToken);

        public ValueTask ListenAsync(string channel, CancellationToken cancellationToken) => inner.ListenAsync(channel, cancellationToken);

        public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken) => inner.ReadAsync(channel, request, cancellationToken);
    }
}
