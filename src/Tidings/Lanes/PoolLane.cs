using Microsoft.Extensions.Logging;

namespace Tidings.Lanes;

/// <summary>A lane without a thread of its own: its turns run on the thread pool, or on the thread that brings it bytes.</summary>
internal sealed class PoolLane(TimeProvider time, ILogger log) : Lane(time, log), IThreadPoolWorkItem
{
    // After so many rounds others on the thread pool get their chance.
    private const int RoundsPerTurn = 16;

    /// <summary>Posts work and, where no turn is running or due, runs it at once on this thread.</summary>
    public void PostAndRun(ILaneWork work, object? argument = null)
    {
        if (Enqueue(work, argument))
        {
            RunTurn();
        }
    }

    public override void Dispose() => Timers.Dispose();

    void IThreadPoolWorkItem.Execute() => RunTurn();

    protected override void Wake() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    private void RunTurn()
    {
        var rounds = 0;
        bool more;
        do
        {
            BeginTurn();
            more = RunPosted();
        }
        while (more && ++rounds < RoundsPerTurn);

        EndTurn();
        if (more)
        {
            Wake();
        }
    }
}
