using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Actions;

/// <summary>Code of this process that listens to a channel: live messages wait in a bounded queue, and who lags reads on from the log.</summary>
internal sealed class LocalSubscription(Hub hub, IBroker broker, string channel, SubscribeOptions options) : IMessageListener
{
    // How much of the log is read at once.
    private const int PageSize = 500;

    private readonly Channel<Message> _queue = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(options.QueueLength) { SingleReader = true });

    // Positions of erased messages that the reader has not been told of yet. They have no place in the queue, which may be full.
    private readonly ConcurrentQueue<StreamPosition> _erased = new();
    private readonly HashSet<StreamPosition> _erasedAhead = [];

    private volatile bool _overflowed;
    private StreamPosition _seen;

    /// <summary>Once full, the queue takes nothing more until the reader has begun to read the log: what it held comes before that.</summary>
    public void Offer(Message message)
    {
        if (message.Kind == MessageKind.Erasure)
        {
            // What is told beside the queue needs one to wake the reader by; a full one wakes it anyway.
            _erased.Enqueue(message.Position);
        }

        if (_overflowed || !_queue.Writer.TryWrite(message))
        {
            _overflowed = true;
        }
    }

    public void OfferGap(StreamPosition top) =>
        Offer(new Message { Kind = MessageKind.Gap, Channel = channel, Position = top, Time = 0, Data = default });

    public async IAsyncEnumerable<ChannelMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Live first, then the log: what is said between the two is in both, and shown once.
        hub.Listen(this, channel);
        try
        {
            await broker.ListenAsync(channel, cancellationToken).ConfigureAwait(false);
            var part = await broker.ReadAsync(channel, new HistoryRequest(options.Since, options.Last), cancellationToken).ConfigureAwait(false);
            _seen = part.Start;
            foreach (var message in Show(part, options.Since))
            {
                yield return message;
            }

            while (true)
            {
                while (_queue.Reader.TryRead(out var message))
                {
                    foreach (var removed in TakeErased())
                    {
                        yield return removed;
                    }

                    foreach (var shown in Show(message))
                    {
                        yield return shown;
                    }
                }

                if (!_overflowed)
                {
                    await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                _overflowed = false;
                foreach (var removed in TakeErased())
                {
                    yield return removed;
                }

                await foreach (var message in CatchUpAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return message;
                }
            }
        }
        finally
        {
            hub.EndListening(this, channel);
        }
    }

    private async IAsyncEnumerable<ChannelMessage> CatchUpAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var since = _seen;
            var part = await broker.ReadAsync(channel, new HistoryRequest(since, 0, PageSize), cancellationToken).ConfigureAwait(false);
            foreach (var message in Show(part, since))
            {
                yield return message;
            }

            if (part.Messages.Count < PageSize)
            {
                yield break;
            }
        }
    }

    private IEnumerable<ChannelMessage> Show(HistoryPart part, StreamPosition? since)
    {
        if (!part.Recovered)
        {
            _seen = part.Top;
            yield return Gap(part.Top, since?.Epoch == part.Top.Epoch ? "trimmed" : "epoch");
        }

        foreach (var message in part.Messages)
        {
            _seen = message.Position;
            _erasedAhead.Remove(message.Position);
            yield return PublicMessage.From(message);
        }
    }

    // Of those that the reader has had it is told now; the others come as what they are.
    private IEnumerable<ChannelMessage> TakeErased()
    {
        while (_erased.TryDequeue(out var position))
        {
            if (position.Epoch == _seen.Epoch && position.Offset <= _seen.Offset)
            {
                yield return PublicMessage.From(Message.Erased(MessageKind.Removed, channel, position));
            }
            else
            {
                _erasedAhead.Add(position);
            }
        }
    }

    private IEnumerable<ChannelMessage> Show(Message message)
    {
        if (message.Kind == MessageKind.Erasure)
        {
            yield break;
        }

        if (message.Kind == MessageKind.Gap)
        {
            _erasedAhead.RemoveWhere(position => position.Epoch != message.Epoch);
            if (message.Epoch != _seen.Epoch || message.Offset > _seen.Offset)
            {
                var reason = message.Epoch == _seen.Epoch ? "trimmed" : message.Reason ?? "epoch";
                _seen = message.Position;
                yield return Gap(message.Position, reason);
            }

            yield break;
        }

        if (message.Offset > 0)
        {
            if (message.Epoch != _seen.Epoch)
            {
                yield return Gap(message.Position with { Offset = message.Offset - 1 }, "epoch");
            }
            else if (message.Offset <= _seen.Offset)
            {
                yield break;
            }
            else if (message.Offset > _seen.Offset + 1)
            {
                yield return Gap(message.Position with { Offset = message.Offset - 1 }, "trimmed");
            }

            _seen = message.Position;
        }

        yield return PublicMessage.From(_erasedAhead.Remove(message.Position) ? Message.Erased(MessageKind.Removed, channel, message.Position) : message);
    }

    private ChannelMessage Gap(StreamPosition position, string reason) =>
        new() { Kind = ChannelMessageKind.Gap, Channel = channel, Position = position, Reason = reason };
}

/// <summary>Messages as the application's code sees them.</summary>
internal static class PublicMessage
{
    public static ChannelMessage From(Message message) => new()
    {
        Kind = message.Kind switch
        {
            MessageKind.Removed => ChannelMessageKind.Removed,
            MessageKind.KeyRemoval => ChannelMessageKind.KeyRemoval,
            _ => ChannelMessageKind.Message,
        },
        Channel = message.Channel,
        Position = message.Position,
        Data = message.Data.Kind == DataKind.Binary ? default : message.Data.ToJson(),
        Bytes = message.Data.Kind == DataKind.Binary ? message.Data.Bytes : default(ReadOnlyMemory<byte>?),
        From = message.From,
        Connection = message.Connection,
        Event = message.Event,
        Key = message.Key,
        Time = DateTimeOffset.FromUnixTimeMilliseconds(message.Time),
    };
}
