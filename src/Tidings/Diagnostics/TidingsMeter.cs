using System.Diagnostics.Metrics;

namespace Tidings.Diagnostics;

/// <summary>What all instruments of Tidings have in common.</summary>
internal static class TidingsMeter
{
    /// <summary>The name of the meter, and of the source of spans.</summary>
    public const string Name = "Tidings";

    /// <summary>The bounds of buckets for what should take less than a second, in seconds.</summary>
    public static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };
}
