using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace TestKit;

/// <summary>What a back end knows that was told events, and everything that cannot be so.</summary>
public sealed class EventLedger
{
    private readonly bool _exact;
    private readonly Dictionary<string, ulong> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Channel, string Epoch), long> _tops = [];
    private readonly Dictionary<string, bool> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    /// <param name="events">The events in the order in which they came; some may have come more than once.</param>
    /// <param name="exact">Whether a connection that was closed may not be opened again, as one of a node that was only cut off is.</param>
    public EventLedger(IEnumerable<JsonElement> events, bool exact = true)
    {
        ArgumentNullException.ThrowIfNull(events);
        _exact = exact;
        Take(events);
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

    /// <summary>How many events came once more.</summary>
    public int Repeats { get; private set; }

    /// <summary>How many messages were told.</summary>
    public int Messages { get; private set; }

    /// <summary>How many messages are missing between the first and the last of each log that were told.</summary>
    public long MissingMessages { get; private set; }

    /// <summary>How many times something was begun and ended.</summary>
    public int Turns => _turns.Values.Sum();

    private IEnumerable<string> There(string kind) => _places.Where(place => place.Value && place.Key.StartsWith(kind, StringComparison.Ordinal)).Select(place => place.Key[kind.Length..]).Order(StringComparer.Ordinal);

    /// <summary>Whether a connection was told of.</summary>
    public bool Knows(string connection) => _turns.ContainsKey("connection " + connection);

    /// <summary>Takes what came next.</summary>
    public void Take(IEnumerable<JsonElement> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        foreach (var one in events)
        {
            Take(one);
        }
    }

    private void Take(JsonElement one)
    {
        var (id, sum) = (one.GetProperty("id").GetString()!, BitConverter.ToUInt64(SHA256.HashData(JsonMarshal.GetRawUtf8Value(one))));
        if (_told.TryGetValue(id, out var before))
        {
            Repeats++;
            if (before != sum)
            {
                _faults.Add($"two events have the id {id}; the second is {Excerpt(one)}");
            }

            return;
        }

        _told[id] = sum;
        switch (one.GetProperty("type").GetString())
        {
            case "connection.opened" or "connection.closed":
                Turn(one, "connection " + Text(one, "connection"), _exact);
                break;
            case "channel.occupied" or "channel.vacated":
                Turn(one, "channel " + Text(one, "channel"), exact: false);
                break;
            case "member.joined" or "member.left":
                Turn(one, $"member {Text(one, "channel")} {Text(one, "user")}", exact: false);
                break;
            case "message.published" when one.GetProperty("data").TryGetProperty("offset", out var offset):
                Follow(one, offset.GetInt64());
                break;
            case "events.trimmed":
                _faults.Add($"events were dropped: {Excerpt(one)}");
                break;
        }
    }

    private void Turn(JsonElement one, string place, bool exact)
    {
        var begins = one.GetProperty("type").GetString() is "connection.opened" or "channel.occupied" or "member.joined";
        var there = _places.GetValueOrDefault(place);
        if (begins == there)
        {
            _faults.Add($"{place} {(there ? "began while it was there" : "ended while it was not there")}: {Excerpt(one)}");
        }

        var turns = _turns[place] = _turns.GetValueOrDefault(place) + 1;
        if (exact && turns > 2)
        {
            _faults.Add($"{place} was told {turns} times: {Excerpt(one)}");
        }

        _places[place] = begins;
    }

    private void Follow(JsonElement one, long offset)
    {
        Messages++;
        ref var top = ref CollectionsMarshal.GetValueRefOrAddDefault(_tops, (Text(one, "channel"), Text(one.GetProperty("data"), "epoch")), out var known);
        if (known && offset <= top)
        {
            _faults.Add($"a message was told after the one with offset {top}: {Excerpt(one)}");
            return;
        }

        MissingMessages += known ? offset - top - 1 : 0;
        top = offset;
    }

    // Of a message as much as tells which one it is.
    private static string Excerpt(JsonElement one) => one.GetRawText() is { Length: > 300 } text ? text[..300] : one.GetRawText();

    private static string Text(JsonElement one, string name) => one.GetProperty(name).GetString()!;
}
