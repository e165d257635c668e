using System.Globalization;
using System.Text;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Nodes;

namespace Tidings.Actions;

/// <summary>Tells those who asked for it how many subscribe to a channel on all nodes, once a second where it has changed. Where nobody asked nothing is counted,
/// and no timer runs. Safe from any thread.</summary>
internal sealed class OccupancyTeller : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    // How many channels one request to the other nodes names.
    private const int MostAsked = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private readonly Hub _hub;
    private readonly Everywhere _everywhere;
    private readonly bool _isAlone;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _telling;

    public OccupancyTeller(Hub hub, Everywhere everywhere, bool isAlone, string node, TimeProvider time)
    {
        (_hub, _everywhere, _isAlone, _node, _time) = (hub, everywhere, isAlone, node, time);
        _timer = time.CreateTimer(static teller => ((OccupancyTeller)teller!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Somebody on this node has joined <see cref="OccupancyChannel"/>: they are told within a second.</summary>
    public void Watch(string channel)
    {
        lock (_gate)
        {
            if (_watched.TryGetValue(channel, out var watched))
            {
                watched.HasNew = true;
                return;
            }

            _watched.Add(channel, new Watched());
            if (_watched.Count == 1 && !_telling)
            {
                _timer.Change(Pace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tell()
    {
        List<string> channels;
        lock (_gate)
        {
            foreach (var channel in _watched.Keys.Where(channel => _hub.CountMembers(OccupancyChannel.Of(channel)) == 0).ToList())
            {
                _watched.Remove(channel);
            }

            channels = [.. _watched.Keys];
            _telling = channels.Count > 0;
        }

        if (channels.Count == 0)
        {
            return;
        }

        if (_isAlone)
        {
            TellAll(channels, _hub.CountMembers);
            GoOn();
        }
        else
        {
            _ = AskAsync(channels);
        }
    }

    private async Task AskAsync(List<string> channels)
    {
        try
        {
            foreach (var some in channels.Chunk(MostAsked))
            {
                var (parts, missing) = await _everywhere.ListAsync(new NodeListQuery { Of = NodeListKind.Subscribers, Names = some }, _node).ConfigureAwait(false);
                if (missing.Count == 0)
                {
                    var counts = parts.SelectMany(static part => part.Rows).GroupBy(static row => row.Name, StringComparer.Ordinal)
                        .ToDictionary(static group => group.Key, static group => group.Sum(static row => row.Count), StringComparer.Ordinal);
                    TellAll(some, counts.GetValueOrDefault);
                }

                // Otherwise they stay at what they were told: who is missing is back soon, or counts no more.
            }
        }
        catch (BrokerUnavailableException)
        {
            // Told when the others can be reached.
        }
        finally
        {
            GoOn();
        }
    }

    private void GoOn()
    {
        lock (_gate)
        {
            _telling = false;
            if (_watched.Count > 0)
            {
                _timer.Change(Pace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void TellAll(IEnumerable<string> channels, Func<string, int> countOf)
    {
        foreach (var channel in channels)
        {
            var count = countOf(channel);
            lock (_gate)
            {
                if (!_watched.TryGetValue(channel, out var watched) || (watched.Told == count && !watched.HasNew))
                {
                    continue;
                }

                (watched.Told, watched.HasNew) = (count, false);
            }

            _hub.Deliver(OccupancyChannel.Of(channel), new Message
            {
                Kind = MessageKind.Occupancy,
                Channel = channel,
                Position = default,
                Time = _time.GetUtcNow().ToUnixTimeMilliseconds(),
                Data = new MessageData(DataKind.Json, Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture))),
            });
        }
    }

    private sealed class Watched
    {
        public int Told { get; set; } = -1;

        /// <summary>Whether somebody came who was not told yet.</summary>
        public bool HasNew { get; set; }
    }
}
