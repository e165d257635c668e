namespace Tidings.Presence;

/// <summary>When users were last connected, for <see cref="Life"/> and for the <see cref="MostUsers"/> who were here last. Safe from any thread.</summary>
/// <remarks>Where it cannot be reached, reading and erasing fail with <see cref="Brokers.BrokerUnavailableException"/>; what was noted meanwhile may be lost, and is put in when it is back where that costs little.</remarks>
public interface ILastSeen
{
    /// <summary>How long it is known.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>Of how many users.</summary>
    public const int MostUsers = 100_000;

    /// <summary>A user comes or goes, now. Called for each connection: it does not wait.</summary>
    /// <param name="user">The user's id.</param>
    void Note(string user);

    /// <summary>When they were here last, in Unix milliseconds; those who are not known are left out.</summary>
    /// <param name="users">At most 1,000 ids.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<IReadOnlyDictionary<string, long>> ReadAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default);

    /// <summary>Forgets a user.</summary>
    /// <param name="user">The user's id.</param>
    /// <returns>Whether anything was known.</returns>
    ValueTask<bool> EraseAsync(string user);
}

/// <summary>The same in the memory of one node.</summary>
/// <param name="time">The clock.</param>
internal sealed class MemoryLastSeen(TimeProvider time) : ILastSeen
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string User, long At)>> _byUser = new(StringComparer.Ordinal);

    // The one who was here longest ago comes first.
    private readonly LinkedList<(string User, long At)> _order = new();

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Note(string user)
    {
        lock (_gate)
        {
            if (_byUser.Remove(user, out var before))
            {
                _order.Remove(before);
            }

            _byUser.Add(user, _order.AddLast((user, Now)));
            while (_order.First is { } first && (_order.Count > ILastSeen.MostUsers || IsOver(first.Value.At)))
            {
                _order.RemoveFirst();
                _byUser.Remove(first.Value.User);
            }
        }
    }

    public ValueTask<IReadOnlyDictionary<string, long>> ReadAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default)
    {
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (var user in users)
            {
                if (_byUser.TryGetValue(user, out var node) && !IsOver(node.Value.At))
                {
                    seen[user] = node.Value.At;
                }
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<string, long>>(seen);
    }

    public ValueTask<bool> EraseAsync(string user)
    {
        lock (_gate)
        {
            if (!_byUser.Remove(user, out var node))
            {
                return ValueTask.FromResult(false);
            }

            _order.Remove(node);
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>Takes out all that is noted, the last first.</summary>
    public IReadOnlyList<(string User, long At)> TakeAll()
    {
        lock (_gate)
        {
            var all = _order.Reverse().ToList();
            _byUser.Clear();
            _order.Clear();
            return all;
        }
    }

    private bool IsOver(long at) => Now - at > ILastSeen.Life.TotalMilliseconds;
}
