using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Enumeration;

namespace Tidings.AspNetCore.Metrics;

/// <summary>What Prometheus' clients tell of a process, under the names that they all use.</summary>
internal static class ProcessMetrics
{
    public const string MeterName = "Tidings.Process";

    public static void Create(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableGauge("process.start_time", () => started, "s", "When the process started, in Unix seconds.");
        meter.CreateObservableCounter("process.cpu", static () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time, of user and system.");
        meter.CreateObservableGauge("process.resident_memory", static () => Environment.WorkingSet, "By", "Memory of the process that is resident.");
        meter.CreateObservableGauge("process.open_fds", static () => CountOpenFiles(), description: "Descriptors or handles that are open.");
        if (ReadFileLimit() is { } limit)
        {
            meter.CreateObservableGauge("process.max_fds", () => limit, description: "Descriptors that may be open.");
        }
    }

    // By name on Linux: each entry as text would be garbage of megabytes where there are many connections.
    private static long CountOpenFiles()
    {
        if (OperatingSystem.IsLinux())
        {
            return new FileSystemEnumerable<bool>("/proc/self/fd", static (ref entry) => true).LongCount();
        }

        using var process = Process.GetCurrentProcess();
        return process.HandleCount;
    }

    private static double? ReadFileLimit()
    {
        const string Line = "Max open files";
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var soft = File.ReadLines("/proc/self/limits").FirstOrDefault(static line => line.StartsWith(Line, StringComparison.Ordinal))?[Line.Length..].TrimStart().Split(' ')[0];
        return soft == "unlimited" ? double.PositiveInfinity : double.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
