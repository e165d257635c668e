using Tidings.Messages;
using Tidings.Options;

namespace Tidings.Events;

/// <content>What was said.</content>
internal sealed partial class EventRecorder
{
    private bool TellsMessages => (_wanted & EventType.MessagePublished) != 0;

    /// <summary>Who is told of messages in a channel, a bit for each receiver; 0 where nobody is.</summary>
    public ulong ReceiversOfMessage(string channel) => TellsMessages ? ReceiversOf(EventType.MessagePublished, channel) : 0;

    /// <summary>A message was accepted. Called in the order of the channel's log.</summary>
    public void Published(Message message)
    {
        if (!TellsMessages || message.Kind is not (MessageKind.Message or MessageKind.KeyRemoval) || ReceiversOfMessage(message.Channel) is not (not 0 and var receivers))
        {
            return;
        }

        lock (_gate)
        {
            Add_NeedsLock(Tell_NeedsLock(message, receivers));
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
