namespace Tidings.AspNetCore.Metrics;

/// <summary>What an instrument is called in Prometheus: as OpenTelemetry's rules have it.</summary>
internal static class PrometheusName
{
    /// <summary>Underscores for all that may not be in a name, the unit behind it where the name lacks it, and <c>_total</c> behind counters.</summary>
    public static string Of(string name, string? unit, MetricType type)
    {
        var full = Valid(name);
        var suffix = unit switch
        {
            "s" => "seconds",
            "By" => "bytes",
            _ => null,
        };
        if (suffix is not null && !full.Split('_').Contains(suffix))
        {
            full += "_" + suffix;
        }

        return type == MetricType.Counter && !full.EndsWith("_total", StringComparison.Ordinal) ? full + "_total" : full;
    }

    /// <summary>The name of a label.</summary>
    public static string Valid(string name) =>
        string.Create(name.Length, name, static (valid, name) =>
        {
            for (var i = 0; i < name.Length; i++)
            {
                valid[i] = char.IsAsciiLetter(name[i]) || (i > 0 && char.IsAsciiDigit(name[i])) ? name[i] : '_';
            }
        });
}
