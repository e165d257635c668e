using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Tidings.Lanes;

/// <summary>What to await to go on in a turn of a lane. Costs nothing where one is in its turn already.</summary>
internal readonly struct LaneSwitch(Lane lane) : ICriticalNotifyCompletion
{
    public bool IsCompleted => Lane.Current == lane;

    public LaneSwitch GetAwaiter() => this;

    public void OnCompleted(Action continuation) => lane.Post(LaneContinuation.Instance, continuation);

    public void UnsafeOnCompleted(Action continuation) => lane.Post(LaneContinuation.Instance, continuation);

    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "The shape of an awaiter.")]
    public void GetResult()
    {
    }
}

/// <summary>The rest of an asynchronous method, as work of a lane.</summary>
internal sealed class LaneContinuation : ILaneWork
{
    public static readonly LaneContinuation Instance = new();

    public void Run(object? argument) => ((Action)argument!)();
}
