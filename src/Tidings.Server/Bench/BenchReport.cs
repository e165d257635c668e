using System.Globalization;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Bench;

/// <summary>What a run has found.</summary>
internal sealed record BenchReport(BenchPlan Plan)
{
    // Over it, what is measured is the tool, too.
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(10);

    /// <summary>Messages that were sent, those of the warm-up too.</summary>
    public required long Published { get; init; }

    /// <summary>Messages that came of those that were sent in the time measured.</summary>
    public required long Deliveries { get; init; }
    public required TimeSpan P50 { get; init; }
    public required TimeSpan P99 { get; init; }
    public required TimeSpan P999 { get; init; }
    public required TimeSpan Most { get; init; }

    /// <summary>Deliveries that did not come though the message was not refused.</summary>
    public required long Lost { get; init; }
    public required long Doubled { get; init; }
    public required long OutOfOrder { get; init; }

    /// <summary>Messages that the server refused.</summary>
    public required long Refused { get; init; }

    /// <summary>Connections that ended before the run.</summary>
    public required int Closed { get; init; }

    /// <summary>What the server said to it, and how often.</summary>
    public required IReadOnlyDictionary<string, int> Reasons { get; init; }

    /// <summary>Processors that the tool kept busy.</summary>
    public required double Processors { get; init; }

    /// <summary>How late the tool's own timers were, 99 % of them at most.</summary>
    public required TimeSpan Lateness { get; init; }

    public bool IsGood => Lost + Doubled + OutOfOrder + Refused + Closed == 0;

    private long Due => (long)((Plan.WarmUp + Plan.Duration).TotalSeconds * Plan.Rate);

    private double PerSecond => Deliveries / Plan.Duration.TotalSeconds;

    public static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.##} ms");

    public void Write(CommandOutput output)
    {
        if (output.IsJson)
        {
            output.Json(Fields);
            return;
        }

        output.Line(Text($"connections   {Plan.Connections:N0} in {Plan.Channels:N0} {(Plan.Rooms ? "rooms" : "channels")}, {Plan.Publishers:N0} publishers"));
        output.Line(Text($"published     {Published:N0} messages of {Plan.Size:N0} bytes, {Published * 100.0 / Math.Max(1, Due):0.#} % of what was due"));
        output.Line(Text($"deliveries    {Deliveries:N0} in {Plan.Duration.TotalSeconds:0.#} s, {PerSecond:N0}/s"));
        output.Line($"latency       p50 {Time(P50)}, p99 {Time(P99)}, p99.9 {Time(P999)}, most {Time(Most)}");
        output.Line(Text($"errors        {Lost:N0} lost, {Doubled:N0} doubled, {OutOfOrder:N0} out of order, {Refused:N0} refused, {Closed:N0} closed"));
        output.Line(Text($"this tool     {Processors * 100:0} % of a processor ({Environment.ProcessorCount} here), 99 % of its timers within {Time(Lateness)}"));
        foreach (var (reason, count) in Reasons.OrderByDescending(static reason => reason.Value))
        {
            output.Note(Text($"{count:N0} times: {CommandOutput.Clean(reason)}"));
        }

        foreach (var warning in Warnings())
        {
            output.Note(warning);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<string> Warnings()
    {
        if (Lateness > Late || Processors > 0.8 * Environment.ProcessorCount)
        {
            yield return "The tool itself was at its limit: latencies are too high, and the server may do more. Give it a machine of its own, or less to do.";
        }

        if (Published < 0.99 * Due)
        {
            yield return "Less was published than was due: the server, or this machine, did not take it as fast.";
        }

        if (Refused > 0)
        {
            yield return "Messages were refused: a server limits what a connection says, and who may publish where; --limits none lifts the former.";
        }
    }

    private void Fields(Utf8JsonWriter writer)
    {
        writer.WriteString("mode", Plan.Rooms ? "rooms" : "channels");
        writer.WriteNumber("connections", Plan.Connections);
        writer.WriteNumber("channels", Plan.Channels);
        writer.WriteNumber("publishers", Plan.Publishers);
        writer.WriteNumber("rate", Plan.Rate);
        writer.WriteNumber("size", Plan.Size);
        writer.WriteNumber("seconds", Plan.Duration.TotalSeconds);
        writer.WriteNumber("due", Due);
        writer.WriteNumber("published", Published);
        writer.WriteNumber("deliveries", Deliveries);
        writer.WriteNumber("deliveriesPerSecond", Math.Round(PerSecond, 1));
        writer.WriteStartObject("milliseconds");
        writer.WriteNumber("p50", P50.TotalMilliseconds);
        writer.WriteNumber("p99", P99.TotalMilliseconds);
        writer.WriteNumber("p999", P999.TotalMilliseconds);
        writer.WriteNumber("most", Most.TotalMilliseconds);
        writer.WriteEndObject();
        writer.WriteNumber("lost", Lost);
        writer.WriteNumber("doubled", Doubled);
        writer.WriteNumber("outOfOrder", OutOfOrder);
        writer.WriteNumber("refused", Refused);
        writer.WriteNumber("closed", Closed);
        writer.WriteStartObject("reasons");
        foreach (var (reason, count) in Reasons)
        {
            writer.WriteNumber(reason, count);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("tool");
        writer.WriteNumber("processors", Math.Round(Processors, 3));
        writer.WriteNumber("of", Environment.ProcessorCount);
        writer.WriteNumber("lateness99", Lateness.TotalMilliseconds);
        writer.WriteEndObject();
        writer.WriteStartArray("warnings");
        foreach (var warning in Warnings())
        {
            writer.WriteStringValue(warning);
        }

        writer.WriteEndArray();
    }
}
