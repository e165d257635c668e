using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>Which messages are this client's own, by the positions that <c>published</c> gave. Safe from any thread; calls out without its lock.</summary>
/// <param name="settled">Called with the channel when fewer of its publishes are unanswered.</param>
internal sealed class OwnMessages(Action<string> settled)
{
    /// <summary>How many positions are kept: the newest.</summary>
    public const int Most = 1000;

    private readonly Lock _gate = new();
    private readonly HashSet<(string Channel, StreamPosition Position)> _positions = [];
    private readonly Queue<(string Channel, StreamPosition Position)> _order = [];
    private readonly Dictionary<long, string> _unanswered = [];
    private readonly HashSet<(string Channel, StreamPosition Position)> _unwanted = [];

    /// <summary>Who is connected; null for somebody anonymous, and where it is not known.</summary>
    public string? User { get; set; }

    /// <summary>Whether the client itself leaves out what it published and does not want to hear: over HTTP, where requests are not the connection that hears.</summary>
    public bool LeavesOutUnwanted { get; set; }

    /// <summary>A publish goes out. Calls nobody.</summary>
    public void Sent(long id, string channel)
    {
        lock (_gate)
        {
            _unanswered[id] = channel;
        }
    }

    /// <summary>A publish has its answer, was not carried out, or will not be answered.</summary>
    /// <param name="id">The command's id.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="position">Where it stands; null where that is not known.</param>
    /// <param name="isUnwanted">Whether the client does not want to hear it.</param>
    public void Settled(long id, string channel, StreamPosition? position, bool isUnwanted = false)
    {
        lock (_gate)
        {
            if (!_unanswered.Remove(id))
            {
                return;
            }

            if (position is { } at && _positions.Add((channel, at)))
            {
                _order.Enqueue((channel, at));
                if (isUnwanted && LeavesOutUnwanted)
                {
                    _unwanted.Add((channel, at));
                }

                if (_order.Count > Most)
                {
                    var oldest = _order.Dequeue();
                    _positions.Remove(oldest);
                    _unwanted.Remove(oldest);
                }
            }
        }

        settled(channel);
    }

    public bool Has(string channel, StreamPosition position)
    {
        lock (_gate)
        {
            return _positions.Contains((channel, position));
        }
    }

    /// <summary>Whether a live message is one that the client does not want to hear.</summary>
    public bool LeavesOut(string channel, StreamPosition position)
    {
        lock (_gate)
        {
            return _unwanted.Count > 0 && _unwanted.Contains((channel, position));
        }
    }

    /// <summary>The publishes that may turn out to be a message that has just come.</summary>
    /// <param name="channel">The message's channel.</param>
    /// <param name="from">Who said it.</param>
    public long[] Candidates(string channel, string? from)
    {
        lock (_gate)
        {
            return _unanswered.Count == 0 || (from is not null && User is { } user && from != user)
                ? []
                : [.. _unanswered.Where(publish => publish.Value == channel).Select(static publish => publish.Key)];
        }
    }

    /// <summary>Whether one of these has no answer yet.</summary>
    public bool Awaits(long[] ids)
    {
        lock (_gate)
        {
            return Array.Exists(ids, _unanswered.ContainsKey);
        }
    }
}
