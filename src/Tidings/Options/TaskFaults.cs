using System.Globalization;

namespace Tidings.Options;

/// <summary>Finds what is wrong with the options of tasks.</summary>
internal static class TaskFaults
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    public static IEnumerable<string> Of(TaskOptions options)
    {
        foreach (var (name, value, least, most) in new (string, long, long, long)[]
        {
            ("Parallelism", options.Parallelism, 1, 10_000),
            ("QueueLength", options.QueueLength, 0, 1_000_000),
            ("UpdatesPerSecond", options.UpdatesPerSecond, 1, 1000),
            ("PayloadBytes", options.PayloadBytes, 1, 16 * 1024 * 1024),
            ("MemoryBytes", options.MemoryBytes, 64 * 1024, 16L * 1024 * 1024 * 1024),
        })
        {
            if (value < least || value > most)
            {
                yield return Fault(name, value.ToString(CultureInfo.InvariantCulture), $"from {least} to {most}");
            }
        }

        foreach (var (name, value, least, most) in new[]
        {
            ("Lease", options.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            ("StartTimeout", options.StartTimeout, TimeSpan.FromSeconds(1), Month),
            ("Retention", options.Retention, TimeSpan.FromSeconds(1), Month),
        })
        {
            if (value < least || value > most)
            {
                yield return Fault(name, value.ToString(), $"from 1s to {most.TotalDays:0}d");
            }
        }

        if (options.TimeLimit != TimeSpan.Zero && (options.TimeLimit < TimeSpan.FromMilliseconds(10) || options.TimeLimit > Month))
        {
            yield return Fault("TimeLimit", options.TimeLimit.ToString(), "0 (no limit), or from 10ms to 30d");
        }

        if (!Enum.IsDefined(options.Shutdown))
        {
            yield return Fault("Shutdown", options.Shutdown.ToString(), "cancel or wait");
        }
    }

    private static string Fault(string name, string value, string right) => $"Tidings:Tasks:{name} is \"{value}\"; it must be {right}.";
}
