using System.Collections.Concurrent;
using Tidings.Protocol;

namespace Tidings.Faults.Journals;

/// <summary>All that anybody said and saw in one run: what the ledger is checked from. Safe from any thread.</summary>
/// <remarks>A run is judged only afterwards; nothing here judges.</remarks>
internal sealed class RunJournal
{
    /// <summary>No value.</summary>
    public const int Nothing = 0;

    /// <summary>A value of which a byte was changed.</summary>
    public const int Corrupt = -1;

    private readonly Func<long> _clock;
    private readonly ConcurrentDictionary<string, ChannelJournal> _channels = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, string> _names = [];
    private readonly ConcurrentDictionary<string, long> _revoked = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<PresenceSighting> _presence = [];
    private int _lastValue;
    private int _accepted;

    /// <param name="clock">What stands earlier in real time has the lower number; null: the machine's, in units of 100 ns.</param>
    public RunJournal(Func<long>? clock = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        _clock = clock ?? (() => TimeProvider.System.GetElapsedTime(start).Ticks);
    }

    public ICollection<ChannelJournal> Channels => _channels.Values;

    /// <summary>Answers to publishes.</summary>
    public int Accepted => _accepted;

    public IReadOnlyCollection<PresenceSighting> Presence => _presence;

    public long Now() => _clock();

    public ChannelJournal Of(string channel) => _channels.GetOrAdd(channel, name => new ChannelJournal(name, this));

    public int ValueOf(string name) => _values.TryGetValue(name, out var value) ? value : Name(name);

    public string NameOf(int value) => value switch
    {
        Nothing => "nothing",
        Corrupt => "a changed value",
        _ => _names.GetValueOrDefault(value, "?"),
    };

    public Attempt Begin(Publish publish)
    {
        var attempt = new Attempt(publish, ValueOf(publish.Name), Now());
        Of(publish.Channel).Began(attempt);
        return attempt;
    }

    public void Accept(Attempt attempt, StreamPosition? position)
    {
        attempt.Accepted(position, Now());
        Interlocked.Increment(ref _accepted);
    }

    /// <summary>From now on this user must not be told anything.</summary>
    public void Revoke(string user) => _revoked.TryAdd(user, Now());

    /// <summary>When the user lost the permission; null where that did not happen.</summary>
    public long? RevokedAt(string user) => _revoked.TryGetValue(user, out var time) ? time : null;

    /// <summary>Who a node says is there, and who really is, when all is quiet.</summary>
    public void SawPresence(string node, string channel, IEnumerable<string> told, IEnumerable<string> real) =>
        _presence.Enqueue(new PresenceSighting(node, channel, told.ToHashSet(StringComparer.Ordinal), real.ToHashSet(StringComparer.Ordinal)));

    private int Name(string name)
    {
        var value = _values.GetOrAdd(name, _ => Interlocked.Increment(ref _lastValue));
        _names.TryAdd(value, name);
        return value;
    }
}

/// <param name="Node">Who says so.</param>
/// <param name="Channel">Where.</param>
/// <param name="Told">The users it names.</param>
/// <param name="Real">The users who are there.</param>
internal sealed record PresenceSighting(string Node, string Channel, IReadOnlySet<string> Told, IReadOnlySet<string> Real);
