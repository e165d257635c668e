using System.Runtime.InteropServices;
using Tidings.Options;
using Tidings.Presence;

namespace Tidings.Events;

/// <summary>What this node knows that back ends are told: its connections, the channels that somebody here subscribes to, the members that are here. Safe from any thread.</summary>
/// <remarks>One lock orders all that happens. Under it things are only noted; what is not told to anybody is not even noted.</remarks>
internal sealed partial class EventRecorder : IDisposable
{
    /// <summary>How long somebody, or the last subscriber of a channel, must be away for it to be told.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    // What cannot be stored now. Beyond, all that happened since is told by what is held then, and messages are lost.
    private const int MostPending = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, EventSubject> _connections = [];
    private readonly Dictionary<string, HeldChannel> _channels = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Channel, string User), HeldMember> _members = [];
    private readonly TimeProvider _time;
    private readonly DepartureQueue<HeldPlace> _departures;
    private readonly WakeUp _pendingAny = new();
    private Queue<EventChange> _pending = [];
    private IReadOnlyList<EventReceiver> _receivers = [];
    private EventType _wanted;
    private bool _holdsAll;
    private long _numbers;
    private long _stamps;
    private long _batches;
    private long _noted;
    private long _taken;
    private long _stored;
    private long _dropped;

    public EventRecorder(TimeProvider time)
    {
        _time = time;
        _departures = new DepartureQueue<HeldPlace>(time, Depart);
    }

    /// <summary>Says who is told. Once, before anybody connects.</summary>
    public void Begin(IReadOnlyList<EventReceiver> receivers)
    {
        _receivers = receivers;
        _wanted = receivers.Aggregate(EventType.None, static (wanted, receiver) => wanted | receiver.Filter.Types);
    }

    /// <summary>Whether anybody is told of connections.</summary>
    public bool TellsConnections => (_wanted & (EventType.ConnectionOpened | EventType.ConnectionClosed)) != 0;

    private bool TellsChannels => (_wanted & (EventType.ChannelOccupied | EventType.ChannelVacated)) != 0;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Completes when there is something to store.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _pendingAny.WaitAsync(Timeout.InfiniteTimeSpan, _time, cancellationToken);

    /// <summary>A connection is open.</summary>
    /// <param name="number">Its number in this process.</param>
    /// <param name="subject">What is told of it.</param>
    public void Opened(long number, EventSubject subject)
    {
        if (!TellsConnections)
        {
            return;
        }

        lock (_gate)
        {
            if (_connections.TryAdd(number, subject))
            {
                Add_NeedsLock(Hold(KeyOf(subject), subject, EventType.ConnectionOpened, EventType.ConnectionClosed));
            }
        }
    }

    /// <summary>A connection has ended. One that was not open is not told.</summary>
    public void Closed(long number, int code, string reason)
    {
        if (!TellsConnections)
        {
            return;
        }

        lock (_gate)
        {
            if (_connections.Remove(number, out var subject))
            {
                Add_NeedsLock(Release(KeyOf(subject), subject, EventType.ConnectionOpened, EventType.ConnectionClosed, code, reason));
            }
        }
    }

    /// <summary>Somebody subscribes to a channel here.</summary>
    public void Subscribed(string channel)
    {
        if (!TellsChannels || channel[0] <= ' ')
        {
            return;
        }

        lock (_gate)
        {
            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_channels, channel, out var known);
            if (!known)
            {
                held = new HeldChannel(new EventSubject { Channel = channel });
                Add_NeedsLock(Hold("o" + channel, held.Subject, EventType.ChannelOccupied, EventType.ChannelVacated));
            }

            held!.Subscribers++;
            held.LeavesAt = long.MaxValue;
        }
    }

    /// <summary>Somebody subscribes to it no more.</summary>
    public void Unsubscribed(string channel)
    {
        if (!TellsChannels || channel[0] <= ' ')
        {
            return;
        }

        lock (_gate)
        {
            if (_channels.TryGetValue(channel, out var held) && --held.Subscribers == 0)
            {
                held.LeavesAt = _departures.Add(held, Grace);
            }
        }
    }

    public void Dispose() => _departures.Dispose();

    private void Add_NeedsLock(EventChange change)
    {
        if (change is { Receivers: 0, WillReceivers: 0 })
        {
            return;
        }

        if (_pending.Count >= MostPending)
        {
            _dropped += _pending.Count;
            _pending = [];
            _holdsAll = true;
        }

        _pending.Enqueue(change);
        _noted = change.Number;
        _pendingAny.Set();
    }

    private void Depart(HeldPlace place, long due)
    {
        lock (_gate)
        {
            // They may have come back, and even left again: then another departure stands for them.
            if (place.LeavesAt == due)
            {
                Remove_NeedsLock(place);
            }
        }
    }

    private void Remove_NeedsLock(HeldPlace place)
    {
        place.LeavesAt = long.MaxValue;
        if (place is HeldMember { Subject: var who })
        {
            _members.Remove((who.Channel!, who.User!));
            Add_NeedsLock(Release(place.Key, who, EventType.MemberJoined, EventType.MemberLeft));
        }
        else
        {
            _channels.Remove(place.Subject.Channel!);
            Add_NeedsLock(Release(place.Key, place.Subject, EventType.ChannelOccupied, EventType.ChannelVacated));
        }
    }

    private EventChange Hold(string key, EventSubject subject, EventType type, EventType will) => new()
    {
        Kind = EventChangeKind.Hold,
        Key = key,
        Subject = subject,
        Type = type,
        Receivers = ReceiversOf(type, subject.Channel),
        WillType = will,
        WillReceivers = ReceiversOf(will, subject.Channel),
        Number = ++_numbers,
        Time = Now,
    };

    private EventChange Release(string key, EventSubject subject, EventType began, EventType type, int code = 0, string? reason = null) => new()
    {
        Kind = EventChangeKind.Release,
        Key = key,
        Subject = subject,
        Type = type,
        Receivers = ReceiversOf(type, subject.Channel),

        // What was held for those who are told of its beginning alone is released, too.
        WillReceivers = ReceiversOf(began, subject.Channel),
        Number = ++_numbers,
        Time = Now,
        Code = code,
        Reason = reason,
    };

    private ulong ReceiversOf(EventType type, string? channel)
    {
        var set = 0UL;
        for (var i = 0; i < _receivers.Count; i++)
        {
            var filter = _receivers[i].Filter;
            if (channel is null ? filter.Wants(type) : filter.Wants(type, channel))
            {
                set |= 1UL << i;
            }
        }

        return set;
    }

    private static string KeyOf(EventSubject connection) => "c" + connection.Connection;
}
