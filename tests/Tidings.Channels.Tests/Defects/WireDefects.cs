using Tidings.Faults.Checking;
using Tidings.Faults.Journals;

namespace Tidings.Channels.Tests.Defects;

/// <summary>Something wrong with what is on one client's wire, with every so-many-th message.</summary>
internal sealed class WireDefect(string name, string type, int every, Func<string, WireDefect, IEnumerable<string>> change, params Anomaly[] signs) : Defect(name, signs)
{
    private readonly string _type = $"{{\"type\":\"{type}\"";
    private int _seen;

    /// <summary>What was held back.</summary>
    public string? Held { get; set; }

    public override IEnumerable<string> Filter(string json)
    {
        if (Held is { } held)
        {
            Held = null;
            return [json, held];
        }

        if (!json.StartsWith(_type, StringComparison.Ordinal) || json.Contains("\"offset\"", StringComparison.Ordinal) != true || ++_seen % every != 0)
        {
            return [json];
        }

        var changed = change(json, this).ToList();
        Happened |= changed is not [var same] || same != json || Held is not null;
        return changed;
    }
}

internal static class WireDefects
{
    public static Defect Drop(int every) => new WireDefect("a message is dropped", "message", every, static (_, _) => [], Anomaly.Lost, Anomaly.Stuck);

    public static Defect Double(int every) => new WireDefect("a message is sent twice", "message", every, static (json, _) => [json, json], Anomaly.Duplicate);

    public static Defect Swap(int every) => new WireDefect("two messages are swapped", "message", every, static (json, wire) =>
    {
        wire.Held = json;
        return [];
    }, Anomaly.Order, Anomaly.Duplicate, Anomaly.Lost, Anomaly.Phantom);

    public static Defect Corrupt(int every) => new WireDefect("a byte is changed", "message", every, static (json, _) => [json.Replace("\"f\":\"", "\"f\":\"!", StringComparison.Ordinal)], Anomaly.Corrupt);

    public static Defect SwallowGap() => new WireDefect("a gap is swallowed", "gap", 1, static (_, _) => [], Anomaly.Lost, Anomaly.Fork, Anomaly.Order, Anomaly.Duplicate, Anomaly.Stuck);

    public static Defect Mute() => new WireDefect("a reader hears nothing", "message", 1, static (_, _) => [], Anomaly.Stuck);

    public static Defect Invent(int every) => new WireDefect("a message that nobody said", "message", every, static (json, _) =>
        [System.Text.RegularExpressions.Regex.Replace(json, "\"data\":\\{.*?\\}", "\"data\":" + Payload.Make("nobody/1", 3))], Anomaly.Phantom);
}
