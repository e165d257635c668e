using System.Globalization;
using System.Text;

namespace Tidings.AspNetCore.Metrics;

/// <summary>Writes metrics as Prometheus reads them: the text-based exposition format, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Labels as they stand between braces.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(PrometheusName.Valid(key)).Append("=\"")
                .Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return text.ToString();
    }

    /// <summary>Writes a metric with all its series; nothing where it has none.</summary>
    public void Write(MetricFamily family)
    {
        var begun = false;
        foreach (var series in family.Series)
        {
            if (!begun)
            {
                begun = true;
                _text.Append("# HELP ").Append(family.Name).Append(' ').Append(Escape(family.Help)).Append('\n');
                _text.Append("# TYPE ").Append(family.Name).Append(' ').Append(WordOf(family.Type)).Append('\n');
            }

            var (value, buckets) = series.Read();
            if (family.Type == MetricType.Histogram)
            {
                WriteHistogram(family.Name, family.Bounds!, series.Labels, value, buckets);
            }
            else
            {
                WriteSample(family.Name, series.Labels, value);
            }
        }
    }

    public override string ToString() => _text.ToString();

    private static string WordOf(MetricType type) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private void WriteHistogram(string name, IReadOnlyList<double> bounds, string labels, double sum, long[] buckets)
    {
        var separator = labels.Length == 0 ? "" : ",";
        var count = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            count += buckets[i];
            var bound = i < bounds.Count ? bounds[i] : double.PositiveInfinity;
            WriteSample(name + "_bucket", $"{labels}{separator}le=\"{Number(bound)}\"", count);
        }

        WriteSample(name + "_sum", labels, sum);
        WriteSample(name + "_count", labels, count);
    }

    private void WriteSample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }
}
