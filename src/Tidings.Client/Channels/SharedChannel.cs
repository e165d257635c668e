using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// One channel for all subscriptions of it: the server knows one. Hands its frames on in their order, and holds one that may be the client's own
/// message until the answer says so, for five seconds at most.
/// </summary>
/// <remarks>Safe from any thread; calls out without its lock, one call at a time.</remarks>
internal sealed class SharedChannel(string name, OwnMessages own, TimeProvider time)
{
    private const int MostHeld = 1000;

    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Queue<Arrival> _arrivals = [];
    private ChannelFeed[] _feeds = [];
    private ChannelWish _asked;
    private ReadOnlyMemory<byte>? _info;
    private StreamPosition? _top;
    private ITimer? _timer;
    private bool _live;
    private bool _telling;

    public string Name { get; } = name;

    /// <summary>The token that grants it; null where none is needed.</summary>
    public ChannelToken? Token { get; private set; }

    /// <summary>Whether the present connection has answered.</summary>
    public bool IsLive => Volatile.Read(ref _live);

    /// <summary>In the order of subscribing.</summary>
    public ChannelFeed[] Feeds => Volatile.Read(ref _feeds);

    /// <summary>The newest message that has come, or would have; null before the first answer.</summary>
    public StreamPosition? Top
    {
        get
        {
            lock (_gate)
            {
                return _top;
            }
        }
    }

    /// <summary>Where a stream or poll goes on for all of them; null while none stands anywhere.</summary>
    public StreamPosition? Position
    {
        get
        {
            StreamPosition? lagging = null;
            StreamPosition? lowest = null;
            foreach (var feed in Feeds)
            {
                lagging ??= feed.Position;
                lowest = Lower(lowest, feed.Since);
            }

            return lowest ?? lagging;
        }
    }

    /// <summary>Whether the server has to be asked anew for what the subscriptions want together.</summary>
    public bool WantsOther
    {
        get
        {
            lock (_gate)
            {
                return (Array.Exists(_feeds, static feed => feed.Options.Presence) && !_asked.Presence)
                    || (Array.Exists(_feeds, static feed => feed.Options.Occupancy) && !_asked.Occupancy)
                    || (_asked.Conflate && !Array.TrueForAll(_feeds, static feed => feed.Options.Conflate));
            }
        }
    }

    public void Add(ChannelFeed feed)
    {
        lock (_gate)
        {
            _info = feed.Options.Info.IsEmpty ? _info : feed.Options.Info;
            Volatile.Write(ref _feeds, [.. _feeds, feed]);
            Token ??= feed.Options.Token is { } callback ? new ChannelToken(Name, callback, time) : null;
        }
    }

    /// <summary>False where it is not there any more.</summary>
    public bool Remove(ChannelFeed feed)
    {
        lock (_gate)
        {
            var left = Array.FindAll(_feeds, one => one != feed);
            var found = left.Length < _feeds.Length;
            Volatile.Write(ref _feeds, left);
            return found;
        }
    }

    /// <summary>What the server is asked for now.</summary>
    public ChannelWish Ask()
    {
        lock (_gate)
        {
            StreamPosition? since = null;
            foreach (var feed in _feeds)
            {
                since = Lower(since, feed.Since);
            }

            return _asked = new ChannelWish(
                since,
                since is null && _feeds.Length > 0 ? _feeds[0].Last : 0,
                Array.Exists(_feeds, static feed => feed.Options.Presence),
                Array.TrueForAll(_feeds, static feed => feed.Options.Conflate),
                _info,
                Array.Exists(_feeds, static feed => feed.Options.Occupancy),
                Array.Exists(_feeds, static feed => feed.WantsState));
        }
    }

    /// <summary>What others are shown of this client; null where nothing was said, empty where it was taken back.</summary>
    public ReadOnlyMemory<byte>? Info
    {
        get
        {
            lock (_gate)
            {
                return _info;
            }
        }

        set
        {
            lock (_gate)
            {
                _info = value;
            }
        }
    }

    /// <summary>What is to be said to a server that was told something else; null where there is nothing.</summary>
    public ReadOnlyMemory<byte>? TakeUntold()
    {
        lock (_gate)
        {
            if (_info is not { } info || (_asked.Info ?? default).Equals(info))
            {
                return null;
            }

            _asked = _asked with { Info = info };
            return info;
        }
    }

    /// <summary>The connection has ended.</summary>
    public void Suspend()
    {
        Volatile.Write(ref _live, false);
        Array.ForEach(Feeds, static feed => feed.Suspend());
    }

    /// <summary>A subscription stands at this position, which the server has named.</summary>
    public void Reach(StreamPosition position)
    {
        lock (_gate)
        {
            Reach_NeedsLock(position);
        }
    }

    /// <summary>A frame of the channel has come, or the answer to its command.</summary>
    public void Tell(ServerFrame frame)
    {
        lock (_gate)
        {
            var candidates = Array.Empty<long>();
            if (frame is { Type: "message" or "removed", Offset: { } offset })
            {
                _top = _top is { } top ? top with { Offset = Math.Max(top.Offset, offset) } : null;
                candidates = frame.Type == "message" ? own.Candidates(Name, frame.Text("from")) : [];
            }
            else if (frame.Position is { } position)
            {
                Reach_NeedsLock(position);
            }

            var again = _live;
            _live |= frame.Type == "subscribed";
            _arrivals.Enqueue(new Arrival(frame, _asked, again, candidates, _top?.Epoch, time.GetTimestamp()));
        }

        TellOn();
    }

    /// <summary>Hands on what need not be held any longer.</summary>
    public void TellOn()
    {
        while (true)
        {
            Arrival arrival;
            ChannelFeed[] feeds;
            lock (_gate)
            {
                if (_telling || !_arrivals.TryPeek(out arrival) || Holds_NeedsLock(arrival))
                {
                    return;
                }

                _arrivals.Dequeue();
                _telling = true;
                feeds = _feeds;
            }

            try
            {
                foreach (var feed in feeds)
                {
                    feed.On(arrival.Frame, arrival.Asked, arrival.Again);
                }
            }
            finally
            {
                lock (_gate)
                {
                    _telling = false;
                }
            }
        }
    }

    /// <summary>Nothing more comes: the loops get what has come, then the end or the error.</summary>
    public void Complete(TidingsException? error)
    {
        ChannelFeed[] feeds;
        Arrival[] held;
        lock (_gate)
        {
            feeds = _feeds;
            held = [.. _arrivals];
            _arrivals.Clear();
            _timer?.Dispose();
            _timer = null;
            Volatile.Write(ref _feeds, []);
        }

        foreach (var feed in feeds)
        {
            Array.ForEach(held, arrival => feed.On(arrival.Frame, arrival.Asked, arrival.Again));
            feed.Complete(error);
        }
    }

    private bool Holds_NeedsLock(in Arrival arrival)
    {
        if (arrival.Candidates.Length == 0 || _arrivals.Count > MostHeld || !own.Awaits(arrival.Candidates)
            || (arrival.Epoch is { } epoch && own.Has(Name, new StreamPosition(epoch, arrival.Frame.Offset!.Value))))
        {
            return false;
        }

        var left = LongestHold - time.GetElapsedTime(arrival.At);
        if (left <= TimeSpan.Zero || _feeds.Length == 0)
        {
            return false;
        }

        _timer ??= time.CreateTimer(static channel => ((SharedChannel)channel!).TellOn(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(left, Timeout.InfiniteTimeSpan);
        return true;
    }

    private void Reach_NeedsLock(StreamPosition position)
    {
        if (_top?.Epoch != position.Epoch || _top?.Offset < position.Offset)
        {
            _top = position;
        }
    }

    // Of positions in several epochs one is as good as the other: whoever stands elsewhere reads the history.
    private static StreamPosition? Lower(StreamPosition? first, StreamPosition? second) =>
        first is null || (second is { } other && other.Epoch == first.Value.Epoch && other.Offset < first.Value.Offset) ? second : first;

    private readonly record struct Arrival(ServerFrame Frame, ChannelWish Asked, bool Again, long[] Candidates, string? Epoch, long At);
}
