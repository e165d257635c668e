using System.Text.Json;

namespace TestKit;

/// <summary>What a back end knows that was told events, and everything that cannot be so.</summary>
public sealed class EventLedger
{
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    /// <param name="events">The events in the order in which they came; some may have come more than once.</param>
    /// <param name="exact">Whether a connection that was closed may not be opened again, as one of a node that was only cut off is.</param>
    public EventLedger(IEnumerable<JsonElement> events, bool exact = true)
    {
        foreach (var one in events)
        {
            Take(one, exact);
        }
    }

    /// <summary>What cannot be so.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Connections that are open.</summary>
    public IEnumerable<string> Connections => There("connection ");

    /// <summary>Channels that are occupied.</summary>
    public IEnumerable<string> Channels => There("channel ");

    /// <summary>Members that are there: channel and user.</summary>
    public IEnumerable<string> Members => There("member ");

    /// <summary>How many events there were, each counted once.</summary>
    public int Count => _told.Count;

    /// <summary>How many times something was begun and ended.</summary>
    public int Turns => _turns.Values.Sum();

    private IEnumerable<string> There(string kind) => _places.Where(place => place.Value && place.Key.StartsWith(kind, StringComparison.Ordinal)).Select(place => place.Key[kind.Length..]).Order(StringComparer.Ordinal);

    private void Take(JsonElement one, bool exact)
    {
        var (id, text) = (one.GetProperty("id").GetString()!, one.GetRawText());
        if (_told.TryGetValue(id, out var before))
        {
            if (before != text)
            {
                _faults.Add($"two events have the id {id}: {before} and {text}");
            }

            return;
        }

        _told[id] = text;
        switch (one.GetProperty("type").GetString())
        {
            case "connection.opened" or "connection.closed":
                Turn(one, "connection " + Text(one, "connection"), exact);
                break;
            case "channel.occupied" or "channel.vacated":
                Turn(one, "channel " + Text(one, "channel"), exact: false);
                break;
            case "member.joined" or "member.left":
                Turn(one, $"member {Text(one, "channel")} {Text(one, "user")}", exact: false);
                break;
            case "events.trimmed":
                _faults.Add($"events were dropped: {text}");
                break;
        }
    }

    private void Turn(JsonElement one, string place, bool exact)
    {
        var begins = one.GetProperty("type").GetString() is "connection.opened" or "channel.occupied" or "member.joined";
        var there = _places.GetValueOrDefault(place);
        if (begins == there)
        {
            _faults.Add($"{place} {(there ? "began while it was there" : "ended while it was not there")}: {one.GetRawText()}");
        }

        var turns = _turns[place] = _turns.GetValueOrDefault(place) + 1;
        if (exact && turns > 2)
        {
            _faults.Add($"{place} was told {turns} times: {one.GetRawText()}");
        }

        _places[place] = begins;
    }

    private static string Text(JsonElement one, string name) => one.GetProperty(name).GetString()!;
}
