using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Tasks;

/// <summary>What is counted of tasks.</summary>
internal sealed class TaskMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _tasks = meters.Create(TidingsMeter.Name)
        .CreateCounter<long>("tidings.tasks", "{task}", "Tasks that came into a status by a change that this node made.");

    public void Entered(WorkStatus status) => _tasks.Add(1, new KeyValuePair<string, object?>("status", status.ToWire()));
}
