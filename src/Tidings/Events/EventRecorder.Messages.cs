using Tidings.Messages;
using Tidings.Options;

namespace Tidings.Events;

/// <content>What was said.</content>
internal sealed partial class EventRecorder
{
    private bool TellsMessages => (_wanted & EventType.MessagePublished) != 0;

    /// <summary>Who is told of messages with this event's name in a channel, a bit for each receiver; 0 where nobody is.</summary>
    public ulong ReceiversOfMessage(string channel, string? name)
    {
        var set = 0UL;
        for (var i = 0; TellsMessages && i < _receivers.Count; i++)
        {
            set |= _receivers[i].Filter.WantsMessage(channel, name) ? 1UL << i : 0;
        }

        return set;
    }

    /// <summary>A message was accepted. Called in the order of the channel's log.</summary>
    public void Published(Message message)
    {
        if (!TellsMessages || message.Kind is not (MessageKind.Message or MessageKind.KeyRemoval) || ReceiversOfMessage(message.Channel, message.Event) is not (not 0 and var receivers))
        {
            return;
        }

        lock (_gate)
        {
            Add_NeedsLock(Tell_NeedsLock(message, receivers));
        }
    }

    /// <summary>Forgets messages that were erased before they were stored.</summary>
    public void Erase(ErasedMessages erased)
    {
        lock (_gate)
        {
            if (_pending.Any(change => change.Message is { } message && erased.Has(message)))
            {
                _pending = new Queue<EventChange>(_pending.Where(change => change.Message is not { } message || !erased.Has(message)));
            }
        }
    }

    /// <summary>The event of a message that is told without being noted here.</summary>
    public EventChange EventOf(Message message, ulong receivers)
    {
        lock (_gate)
        {
            return Tell_NeedsLock(message, receivers);
        }
    }

    /// <summary>Somebody was to be shown the newest message of a channel, and there is none.</summary>
    public void Missed(string channel)
    {
        if ((_wanted & EventType.ChannelMissed) == 0)
        {
            return;
        }

        lock (_gate)
        {
            Add_NeedsLock(new EventChange
            {
                Kind = EventChangeKind.Tell,
                Subject = new EventSubject { Channel = channel },
                Type = EventType.ChannelMissed,
                Receivers = ReceiversOf(EventType.ChannelMissed, channel),
                Number = ++_numbers,
                Time = Now,
            });
        }
    }

    private EventChange Tell_NeedsLock(Message message, ulong receivers) => new()
    {
        Kind = EventChangeKind.Tell,
        Subject = EventSubject.Of(message),
        Type = EventType.MessagePublished,
        Receivers = receivers,
        Number = ++_numbers,
        Time = message.Time,
        Message = message,
    };
}
