using Microsoft.Extensions.Logging;
using Tidings.Lanes;

namespace Tidings.Channels.Tests.World;

/// <summary>A lane whose turns run when the schedule says so, on the thread that says it.</summary>
internal sealed class SteppedLane(TimeProvider time, ILogger log) : Lane(time, log)
{
    public bool IsAwake { get; private set; }

    /// <summary>Runs one turn.</summary>
    public void RunTurn()
    {
        IsAwake = false;
        BeginTurn();
        IsAwake |= RunPosted();
        EndTurn();
    }

    public override void Dispose() => Timers.Dispose();

    protected override void Wake() => IsAwake = true;
}

/// <summary>A piece of a test as work of a lane.</summary>
internal sealed class LaneAction(Action action) : ILaneWork
{
    public void Run(object? argument) => action();
}
