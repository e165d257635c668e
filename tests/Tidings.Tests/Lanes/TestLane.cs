using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Lanes;

namespace Tidings.Tests.Lanes;

/// <summary>A lane whose turns run when a test says so.</summary>
internal sealed class TestLane(TimeProvider time) : Lane(time, NullLogger.Instance)
{
    public bool IsAwake { get; private set; }

    /// <summary>Runs turns until nothing more is posted.</summary>
    public void RunTurns()
    {
        IsAwake = false;
        bool more;
        do
        {
            BeginTurn();
            more = RunPosted();
            EndTurn();
        }
        while (more);
    }

    public override void Dispose() => Timers.Dispose();

    protected override void Wake() => IsAwake = true;
}
