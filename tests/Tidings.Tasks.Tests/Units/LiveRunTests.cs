using TestKit;
using Tidings.Brokers;

namespace Tidings.Tasks.Tests.Units;

/// <summary>Runs of this process, on a machine that is so busy that their leases are renewed late.</summary>
public sealed class LiveRunTests : TaskEngineWorld
{
    private readonly BusyStore _busy;

    public LiveRunTests() => _busy = new BusyStore(_store);

    private protected override ITaskStore StoreOfEngine => _busy;

    [Fact]
    public async Task Leases_of_many_runs_are_renewed_side_by_side()
    {
        const int Runs = 20;
        _options.Parallelism = Runs;
        var end = await StartAsync(Runs);
        _busy.Holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _time.Advance(_options.Lease / 3);
        await Eventually.TrueAsync(() => Task.FromResult(_busy.Held == Runs), () => $"{_busy.Held} of {Runs} are being renewed");
        _busy.Holds.SetResult();
        end.SetResult();
        for (var i = 0; i < Runs; i++)
        {
            Assert.Equal(WorkStatus.Completed, (await EndAsync($"run{i}")).Status);
        }
    }

    [Fact]
    public async Task A_run_of_this_process_is_not_lost_however_late_its_lease_is_renewed()
    {
        var end = await StartAsync(1);
        _busy.IsAway = true;
        _time.Advance(_options.Lease + TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Task.FromResult(_busy.Refused >= 2), () => "it could not be renewed");
        _busy.IsAway = false;
        var before = (await _store.FindAsync("run0"))!.Version;
        var looks = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                if (looks++ % 50 == 0)
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                }

                return (await _store.FindAsync("run0"))!.Version > before;
            },
            () => "something has become of it");
        Assert.Equal(WorkStatus.Running, (await _store.FindAsync("run0"))!.State.Status);
        end.SetResult();
        Assert.Equal(WorkStatus.Completed, (await EndAsync("run0")).Status);
    }

    private async Task<TaskCompletionSource> StartAsync(int runs)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Kind("silent", async (_, _) =>
        {
            await end.Task;
            return default;
        });
        for (var i = 0; i < runs; i++)
        {
            await StartAsync("silent", id: $"run{i}");
            await StatusAsync($"run{i}", WorkStatus.Running);
        }

        return end;
    }

    private sealed class BusyStore(ITaskStore inner) : ITaskStore
    {
        private int _held;
        private int _refused;

        public bool IsAway { get; set; }

        /// <summary>What writes wait for; null where they need not wait.</summary>
        public TaskCompletionSource? Holds { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        public int Held => Volatile.Read(ref _held);

        public ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due) => inner.TryAddAsync(record, due);

        public ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default) => inner.FindAsync(id, cancellationToken);

        public async ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due)
        {
            if (IsAway)
            {
                Interlocked.Increment(ref _refused);
                throw new BrokerUnavailableException();
            }

            if (Holds is { } holds)
            {
                Interlocked.Increment(ref _held);
                await holds.Task;
            }

            return await inner.TryReplaceAsync(record, version, due);
        }

        public ValueTask RemoveAsync(string id, long version) => inner.RemoveAsync(id, version);

        public ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default) => inner.ListDueAsync(most, cancellationToken);

        public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default) => inner.ListAsync(most, cancellationToken);
    }
}
