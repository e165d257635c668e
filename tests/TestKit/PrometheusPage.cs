using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TestKit;

/// <summary>Reads Prometheus' text format 0.0.4 as strictly as it is written down, and refuses what a lenient reader lets pass.</summary>
public sealed partial class PrometheusPage
{
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _helps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);
    private readonly List<(string Family, string Name, SortedDictionary<string, string> Labels, double Value)> _all = [];
    private readonly HashSet<string> _finished = new(StringComparer.Ordinal);
    private string? _family;

    private PrometheusPage()
    {
    }

    /// <summary>The names of metrics, with their types.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>What is said of each metric.</summary>
    public IReadOnlyDictionary<string, string> Helps => _helps;

    /// <summary>Each sample, as <c>name{label="value"}</c> with labels in order.</summary>
    public IReadOnlyDictionary<string, double> Samples => _samples;

    /// <param name="text">The page.</param>
    /// <exception cref="ExpectationException">It is not what the format says.</exception>
    public static PrometheusPage Parse(string text)
    {
        Expect(text.EndsWith('\n'), "the last line has no end", "");
        Expect(!text.Contains('\r', StringComparison.Ordinal), "a carriage return", "");
        var page = new PrometheusPage();
        foreach (var line in text.Split('\n')[..^1])
        {
            page.Read(line);
        }

        page.CheckHistograms();
        return page;
    }

    /// <summary>A sample, as <c>name{label="value"}</c>.</summary>
    public double this[string sample] =>
        _samples.TryGetValue(sample, out var value) ? value : throw new ExpectationException($"there is no sample {sample}");

    /// <summary>The labels that the samples of a metric bear, each name with its values.</summary>
    public ILookup<string, string> LabelsOf(string family) =>
        _all.Where(sample => sample.Family == family).SelectMany(static sample => sample.Labels).Distinct().ToLookup(static label => label.Key, static label => label.Value);

    [GeneratedRegex("^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*)\})? (\S+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)""")]
    private static partial Regex Label();

    private static void Expect(bool holds, string what, string line)
    {
        if (!holds)
        {
            throw new ExpectationException($"{what}: {line}");
        }
    }

    private void Read(string line)
    {
        if (line.StartsWith('#'))
        {
            ReadComment(line);
        }
        else
        {
            ReadSample(line);
        }
    }

    private void ReadComment(string line)
    {
        var match = Comment().Match(line);
        Expect(match.Success, "neither HELP nor TYPE", line);
        var (kind, name, rest) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        if (name != _family)
        {
            Expect(_finished.Add(name), "a metric whose lines are not together", line);
            _family = name;
        }

        if (kind == "HELP")
        {
            Expect(!_types.ContainsKey(name), "HELP after TYPE", line);
            Expect(_helps.TryAdd(name, Unescape(rest, line)), "HELP twice", line);
            return;
        }

        Expect(rest is "counter" or "gauge" or "histogram" or "summary" or "untyped", "an unknown type", line);
        Expect(_types.TryAdd(name, rest), "TYPE twice", line);
        Expect(!_samples.Keys.Any(sample => sample.StartsWith(name + "{", StringComparison.Ordinal) || sample == name), "TYPE after samples", line);
    }

    private void ReadSample(string line)
    {
        var match = Sample().Match(line);
        Expect(match.Success, "no sample", line);
        var name = match.Groups[1].Value;
        Expect(_family is not null && _types.ContainsKey(_family), "a sample before its TYPE", line);
        var suffixes = _types[_family!] == "histogram" ? ["_bucket", "_sum", "_count"] : new[] { "" };
        Expect(suffixes.Any(suffix => name == _family + suffix), "a sample of another metric, or of no part of it", line);
        Expect(_types[_family!] != "counter" || name.EndsWith("_total", StringComparison.Ordinal), "a counter without _total", line);
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Match label in Label().Matches(match.Groups[2].Value))
        {
            Expect(labels.TryAdd(label.Groups[1].Value, Unescape(label.Groups[2].Value, line)), "a label twice", line);
        }

        var value = match.Groups[3].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new ExpectationException($"no number: {line}"),
        };
        Expect(_types[_family!] == "gauge" || value >= 0, "a counter below zero", line);
        Expect(_samples.TryAdd(Key(name, labels), value), "a series twice", line);
        _all.Add((_family!, name, labels, value));
    }

    private static string Key(string name, SortedDictionary<string, string> labels) =>
        labels.Count == 0 ? name : $"{name}{{{string.Join(',', labels.Select(static label => $"{label.Key}=\"{label.Value}\""))}}}";

    private static string Unescape(string text, string line)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            Expect(++i < text.Length && text[i] is '\\' or 'n' or '"', "an unknown escape", line);
            plain.Append(text[i] == 'n' ? '\n' : text[i]);
        }

        return plain.ToString();
    }

    // Buckets are cumulative, their bounds rise, the last is without one and holds as many as _count says.
    private void CheckHistograms()
    {
        foreach (var family in _types.Where(static type => type.Value == "histogram").Select(static type => type.Key))
        {
            var series = _all.Where(sample => sample.Name == family + "_bucket")
                .GroupBy(static sample => string.Join(',', sample.Labels.Where(static label => label.Key != "le").Select(static label => $"{label.Key}=\"{label.Value}\"")));
            foreach (var buckets in series)
            {
                var (bound, count) = (double.NegativeInfinity, 0.0);
                foreach (var (_, _, labels, value) in buckets)
                {
                    var le = labels["le"] == "+Inf" ? double.PositiveInfinity : double.Parse(labels["le"], CultureInfo.InvariantCulture);
                    Expect(le > bound && value >= count, "buckets out of order", $"{family}{{{buckets.Key}}}");
                    (bound, count) = (le, value);
                }

                var braces = buckets.Key.Length == 0 ? "" : $"{{{buckets.Key}}}";
                Expect(double.IsPositiveInfinity(bound), "no bucket +Inf", family + braces);
                Expect(_samples.TryGetValue(family + "_count" + braces, out var all) && all == count, "_count is not the last bucket", family + braces);
                Expect(_samples.ContainsKey(family + "_sum" + braces), "no _sum", family + braces);
            }
        }
    }
}
