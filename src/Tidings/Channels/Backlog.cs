using Tidings.Messages;
using Tidings.Quotas;

namespace Tidings.Channels;

/// <summary>What waits for one subscription before it may go into its connection's queue: a part of the log, then what was said since.</summary>
internal sealed class Backlog
{
    // How many messages are held for a peer that wants only some.
    private const int MostSelected = 256;

    // What holding a message costs besides its data: the object, its fields, its place here.
    private const int Overhead = 160;

    private IReadOnlyList<Message> _log = [];
    private int _next;
    private Queue<Message> _held = new(1);
    private List<Message>? _erasures;

    /// <summary>Bytes of what was said since.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of the log's part that is still to come. The log may have forgotten it by now, and then only this holds it.</summary>
    public long LogBytes { get; private set; }

    /// <summary>Whose share of what all such parts may take this one counts against, and how much; null where nothing counts.</summary>
    public (SenderShare Share, int Places)? Charge { get; set; }

    /// <summary>The newest offset that was dropped though nothing newer took its place; 0 where there is none.</summary>
    public long DroppedTo { get; private set; }

    public bool IsEmpty => _next == _log.Count && _held.Count == 0;

    /// <summary>Whether something was erased while it is not known what of the log comes first.</summary>
    public bool HasErasures => _erasures is not null;

    public void BeginWith(IReadOnlyList<Message> log)
    {
        _log = log;
        LogBytes = log.Sum(SizeOf);
    }

    /// <summary>Keeps what was erased while it is not known what of the log comes first.</summary>
    public void Remember(Message erasure) => (_erasures ??= []).Add(erasure);

    /// <summary>What was kept so, and is kept no longer.</summary>
    public IReadOnlyList<Message> TakeErasures()
    {
        var taken = _erasures;
        _erasures = null;
        return taken ?? [];
    }

    /// <summary>The epoch of the log that took the place of one that was erased while this waited, or null.</summary>
    public string? ClearedTo { get; private set; }

    /// <summary>Puts an empty place where an erased message waits: in the log's part, in the state, or both.</summary>
    /// <returns>False where no message waits here: then it may have been sent.</returns>
    public bool TryErase(Message erasure)
    {
        var found = false;
        var place = Message.Erased(MessageKind.Removed, erasure.Channel, erasure.Position);
        for (var i = _next; i < _log.Count; i++)
        {
            if (_log[i].State?.Without(erasure.Position) is { } part)
            {
                Replace(i, part.ToMessage(erasure.Channel));
            }
            else if (_log[i].Position == erasure.Position)
            {
                Replace(i, place);
                found = true;
            }
        }

        for (var i = _held.Count; i > 0; i--)
        {
            var held = _held.Dequeue();
            var isErased = held.Offset > 0 && held.Kind == MessageKind.Message && held.Position == erasure.Position;
            Bytes += isErased ? SizeOf(place) - SizeOf(held) : 0;
            _held.Enqueue(isErased ? place : held);
            found |= isErased;
        }

        return found;
    }

    /// <summary>Drops all that waits, as its log was erased. A state that is on its way ends.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="epoch">The epoch of the next log.</param>
    public void Clear(string channel, string epoch)
    {
        var endsState = _log.Skip(_next).Any(static message => message.State is not null);
        _next = 0;
        BeginWith(endsState ? StatePart.Cut(channel, []) : []);
        _held.Clear();
        _erasures = null;
        (Bytes, DroppedTo, ClearedTo) = (0, 0, epoch);
    }

    public void Hold(Message message)
    {
        _held.Enqueue(message);
        Bytes += SizeOf(message);
    }

    /// <summary>Holds a message for a peer that is content with fewer: over the bound the oldest go.</summary>
    /// <param name="message">The message.</param>
    /// <param name="conflates">Whether it takes the place of an older one with the same key.</param>
    /// <param name="mostBytes">The bound.</param>
    public void HoldSelected(Message message, bool conflates, long mostBytes)
    {
        if (conflates && message.Key is { } key)
        {
            RemoveOlder(key, message.Offset > 0);
        }

        Hold(message);
        while (_held.Count > MostSelected || (Bytes > mostBytes && _held.Count > 1))
        {
            var oldest = _held.Dequeue();
            Bytes -= SizeOf(oldest);
            DroppedTo = Math.Max(DroppedTo, oldest.Offset);
        }
    }

    public Message Peek() => _next < _log.Count ? _log[_next] : _held.Peek();

    public void RemoveFirst()
    {
        if (_next < _log.Count)
        {
            LogBytes -= SizeOf(_log[_next++]);
        }
        else
        {
            Bytes -= SizeOf(_held.Dequeue());
        }
    }

    private void Replace(int index, Message message)
    {
        LogBytes += SizeOf(message) - SizeOf(_log[index]);
        _log = [.. _log.Take(index), message, .. _log.Skip(index + 1)];
    }

    private static long SizeOf(Message message) => message.Data.Length + (message.State?.Bytes ?? 0) + Overhead;

    // What is said in passing is no substitute for what the log keeps, nor the other way round.
    private void RemoveOlder(string key, bool kept)
    {
        if (!_held.Any(held => held.Key == key && held.Offset > 0 == kept))
        {
            return;
        }

        var others = new Queue<Message>(_held.Count);
        foreach (var held in _held)
        {
            if (held.Key == key && held.Offset > 0 == kept)
            {
                Bytes -= SizeOf(held);
            }
            else
            {
                others.Enqueue(held);
            }
        }

        _held = others;
    }
}
