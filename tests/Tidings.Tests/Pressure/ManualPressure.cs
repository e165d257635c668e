using Tidings.Pressure;

namespace Tidings.Tests.Pressure;

/// <summary>Pressure that a test sets.</summary>
internal sealed class ManualPressure : IPressure
{
    private int _relieved;

    public double Memory { get; set; }

    public TimeSpan QueueDelay { get; set; }

    /// <summary>How often garbage was to be looked for.</summary>
    public int Relieved => Volatile.Read(ref _relieved);

    public void Relieve() => Interlocked.Increment(ref _relieved);
}
