using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>One channel's log. Under the cluster's lock.</summary>
internal sealed class ProcessLog(string channel, string epoch)
{
    private static readonly long IdleLife = (long)Retention.IdempotencyWindow.TotalMilliseconds;

    private readonly Dictionary<string, (long Offset, long EndsAt)> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Message> _state = new(StringComparer.Ordinal);
    private List<(Message Message, long KeptAt)> _kept = [];
    private Retention _retention = Retention.Default;
    private long _stateBytes;
    private long _usedAt;

    public StreamPosition Top { get; private set; } = new(epoch, 0);

    /// <summary>Whether it holds nothing that a later call could ask for.</summary>
    public bool IsOver(long now)
    {
        Trim(now);
        return _kept.Count == 0 && _state.Count == 0 && _keys.Count == 0 && now - _usedAt > IdleLife;
    }

    public StreamPosition? FindRepeat(string key, long now)
    {
        Trim(now);
        return _keys.TryGetValue(key, out var known) ? Top with { Offset = known.Offset } : null;
    }

    public Message Append(Publication publication, long now)
    {
        Admit(publication);
        _usedAt = now;
        _retention = publication.Retention;
        Top = Top with { Offset = Top.Offset + 1 };

        // By way of bytes, as an engine would that keeps them elsewhere.
        var message = Publication.ReadMessage(channel, Top, now, publication.ToBytes())!;
        _kept.Add((message, now));
        if (publication.IdempotencyKey is { } key)
        {
            _keys[key] = (Top.Offset, now + (long)publication.IdempotencyWindow.TotalMilliseconds);
        }

        if (publication.IsState)
        {
            Put(message);
        }

        Trim(now);
        return message;
    }

    /// <summary>Whether a message was there, and its place is empty now.</summary>
    public bool TryErase(StreamPosition position, long now)
    {
        Trim(now);
        var index = _kept.FindIndex(one => one.Message.Position == position && one.Message.Kind != MessageKind.Removed);
        if (index >= 0)
        {
            _kept[index] = (Message.Erased(MessageKind.Removed, channel, position), _kept[index].KeptAt);
        }

        var entry = _state.Values.FirstOrDefault(message => message.Position == position);
        if (entry is not null)
        {
            Take(entry.Key!);
        }

        return index >= 0 || entry is not null;
    }

    /// <summary>How many messages erasing the whole log takes away.</summary>
    public int CountForErasing(long now)
    {
        Trim(now);
        return _kept.Select(static one => one.Message).Where(static message => message.Kind != MessageKind.Removed).Concat(_state.Values).Select(static message => message.Offset).Distinct().Count();
    }

    public HistoryPart Read(HistoryRequest request, long now)
    {
        Trim(now);
        _usedAt = now;
        var (recovered, messages) = Find(request, [.. _kept.Select(static one => one.Message)]);
        return new HistoryPart(Top, recovered, messages) { State = request.State ? StatePart.Cut(channel, _state.Values) : [] };
    }

    private (bool Recovered, IReadOnlyList<Message> Messages) Find(HistoryRequest request, Message[] kept)
    {
        var first = kept.Length > 0 ? kept[0].Offset : Top.Offset + 1;
        var limit = request.Limit ?? int.MaxValue;
        if (request.Before is { } before)
        {
            var last = Math.Min(before.Offset - 1, Top.Offset);
            return before.Epoch != Top.Epoch || (last >= 1 && last < first) ? (false, []) : (true, [.. kept.Where(message => message.Offset <= last).TakeLast(limit)]);
        }

        if (request.Since is { } since)
        {
            var isThere = since.Epoch == Top.Epoch && since.Offset >= first - 1 && since.Offset <= Top.Offset;
            return isThere ? (true, [.. kept.Where(message => message.Offset > since.Offset).Take(limit)]) : (false, []);
        }

        return (true, [.. kept.TakeLast(request.Last).Take(limit)]);
    }

    private void Trim(long now)
    {
        var oldest = now - (long)_retention.Age.TotalMilliseconds;
        var over = _kept.Count - _retention.Size;
        var gone = Math.Max(over, _kept.FindIndex(one => one.KeptAt > oldest) is var young and >= 0 ? young : _kept.Count);
        if (gone > 0)
        {
            _kept = _kept[gone..];
        }

        foreach (var (key, _) in _keys.Where(one => one.Value.EndsAt <= now).ToList())
        {
            _keys.Remove(key);
        }
    }

    // Taking a key out, or making it smaller, is never refused.
    private void Admit(Publication publication)
    {
        if (!publication.IsState || publication.Kind == MessageKind.KeyRemoval)
        {
            return;
        }

        var bounds = publication.Retention.State!;
        var former = _state.GetValueOrDefault(publication.Key!);
        var more = publication.Data.Length - (former?.Data.Length ?? 0);
        if ((former is null && _state.Count >= bounds.Keys) || (more > 0 && _stateBytes + more > bounds.Bytes))
        {
            throw new ChannelStateFullException($"The state of {channel} has as many keys or bytes as its kind allows.");
        }
    }

    private void Put(Message message)
    {
        Take(message.Key!);
        if (message.Kind != MessageKind.KeyRemoval)
        {
            _state[message.Key!] = message;
            _stateBytes += message.Data.Length;
        }
    }

    private void Take(string key)
    {
        if (_state.Remove(key, out var former))
        {
            _stateBytes -= former.Data.Length;
        }
    }
}
