namespace Tidings.Server.Bench;

/// <summary>What the tool itself takes: its processor time, and how late its own timers run where all its work is done.</summary>
internal sealed class ToolLoad
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly LatencyHistogram _lateness = new();
    private TimeSpan _processor;
    private long _began;

    /// <summary>Processors that it kept busy, on average.</summary>
    public double Processors { get; private set; }

    /// <summary>How late 99 % of its timers were at most.</summary>
    public TimeSpan Lateness => _lateness.At(0.99);

    /// <summary>Measures until it is told to end.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        _began = TimeProvider.System.GetTimestamp();
        _processor = Environment.CpuUsage.TotalTime;
        while (!end.IsCancellationRequested)
        {
            var asked = TimeProvider.System.GetTimestamp();
            await Task.Delay(Step, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!end.IsCancellationRequested)
            {
                _lateness.Add(TimeProvider.System.GetElapsedTime(asked) - Step);
            }
        }

        Processors = (Environment.CpuUsage.TotalTime - _processor) / TimeProvider.System.GetElapsedTime(_began);
    }
}
