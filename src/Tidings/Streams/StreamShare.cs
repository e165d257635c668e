using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>What a writer's bytes count for in a stream.</summary>
/// <param name="Writer">Whose share they count against.</param>
/// <param name="Bytes">How many.</param>
public sealed record StreamShare(Sender Writer, long Bytes);

/// <summary>Whose shares a stream counts against: each byte against who wrote it, the rest against who made it.</summary>
public static class StreamShares
{
    /// <summary>How many users and addresses may write one stream, besides who made it. More are refused: who is not remembered would have a share without an end.</summary>
    public const int MostWriters = 256;

    /// <summary>The writers after one of them wrote.</summary>
    /// <param name="head">The stream before.</param>
    /// <param name="writer">Who wrote.</param>
    /// <param name="more">What the stream counts for more.</param>
    /// <returns>Null where there would be too many writers.</returns>
    public static IReadOnlyList<StreamShare>? Grow(StreamHead head, Sender writer, long more)
    {
        if (more == 0 || writer == head.Owner)
        {
            return head.Writers;
        }

        var known = head.Writers.FirstOrDefault(share => share.Writer == writer);
        if (known is null && head.Writers.Count >= MostWriters && !writer.IsServer)
        {
            return null;
        }

        return [.. head.Writers.Where(share => share != known), new StreamShare(writer, (known?.Bytes ?? 0) + more)];
    }

    /// <summary>What changes in everybody's shares when a stream takes the place of its former version.</summary>
    /// <param name="former">The stream before; null where there was none.</param>
    /// <param name="now">The stream then; null where it is removed.</param>
    public static IReadOnlyList<SenderChange> Changes(StreamHead? former, StreamHead? now)
    {
        if (former is not null && now is not null && ReferenceEquals(former.Writers, now.Writers))
        {
            return former.Cost == now.Cost ? [] : [new SenderChange(now.Owner, now.Cost - former.Cost)];
        }

        Dictionary<Sender, long> changes = [];
        Add(former, -1);
        Add(now, +1);
        return [.. changes.Where(static change => change.Value != 0).Select(static change => new SenderChange(change.Key, change.Value))];

        void Add(StreamHead? head, int sign)
        {
            if (head is null)
            {
                return;
            }

            var rest = head.Cost;
            foreach (var share in head.Writers)
            {
                changes[share.Writer] = changes.GetValueOrDefault(share.Writer) + (sign * share.Bytes);
                rest -= share.Bytes;
            }

            changes[head.Owner] = changes.GetValueOrDefault(head.Owner) + (sign * rest);
        }
    }
}
