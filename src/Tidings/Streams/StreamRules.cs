using System.Text;
using System.Text.Unicode;

namespace Tidings.Streams;

/// <summary>What may be appended to a stream (docs/guides/streams.md, "Rules"): for every engine, without knowing one.</summary>
internal static class StreamRules
{
    /// <summary>How many producers of a stream are known. More are refused: to forget one could double what it says.</summary>
    public const int MostProducers = 256;

    /// <summary>What becomes of an append.</summary>
    /// <param name="head">The stream before it.</param>
    /// <param name="append">What is to be appended.</param>
    /// <param name="most">The most bytes that a stream may have.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <returns>The verdict, and the stream after it: another one only where it is <see cref="StreamVerdict.Appended"/>.</returns>
    /// <remarks>Where <see cref="StreamAppend.Offset"/> is before the end, the caller compares first, and asks for what is new alone.</remarks>
    public static StreamAppended Judge(StreamHead head, StreamAppend append, long most, long now)
    {
        if (head.IsGone)
        {
            return new StreamAppended(StreamVerdict.Gone, head);
        }

        var known = append.Producer is { } asking ? head.Producers.FirstOrDefault(producer => producer.Id == asking.Id) : null;
        if (head.IsClosed)
        {
            return JudgeClosed(head, append, known);
        }

        if (append is { Bytes.IsEmpty: false, ContentType: { } type } && !StreamContentType.AreSame(type, head.ContentType))
        {
            return new StreamAppended(StreamVerdict.OtherType, head);
        }

        if (append.Producer is { } producer && JudgeProducer(head, producer, known) is { } refused)
        {
            return refused;
        }

        if (append.Sequence is { } sequence && head.Sequence is { } newest && CompareBytes(sequence, newest) <= 0)
        {
            return new StreamAppended(StreamVerdict.SequenceBehind, head);
        }

        if (append.Offset is { } offset && offset != head.Length)
        {
            return new StreamAppended(StreamVerdict.OtherPlace, head);
        }

        if (append.Bytes.Length > most - head.Length)
        {
            return new StreamAppended(StreamVerdict.TooLarge, head);
        }

        var unfinished = head.Unfinished;
        if (append.IsChecked && StreamContentType.IsText(head.ContentType) && !TryCheck(ref unfinished, append.Bytes.Span))
        {
            return new StreamAppended(StreamVerdict.NotText, head);
        }

        var after = Apply(head, append, now) with { Unfinished = unfinished };
        return StreamShares.Grow(head, append.Writer, after.Cost - head.Cost) is { } writers
            ? new StreamAppended(StreamVerdict.Appended, after with { Writers = writers }, append.Producer)
            : new StreamAppended(StreamVerdict.TooManyWriters, head);
    }

    private static StreamHead Apply(StreamHead head, StreamAppend append, long now) => head with
    {
        Version = head.Version + 1,
        Length = head.Length + append.Bytes.Length,
        IsClosed = append.Closes,
        ClosedBy = append.Closes ? append.Producer : null,
        Failure = append.Closes ? append.Failure : null,
        Sequence = append.Sequence ?? head.Sequence,
        Producers = append.Producer is { } producer ? [.. head.Producers.Where(other => other.Id != producer.Id), producer] : head.Producers,
        Touched = head.Ttl is null ? head.Touched : now,
    };

    private static StreamAppended JudgeClosed(StreamHead head, StreamAppend append, StreamProducer? known)
    {
        if (append.Producer is { } producer)
        {
            return producer == head.ClosedBy ? new StreamAppended(StreamVerdict.Repeated, head, known ?? producer)
                : known is not null && producer.Epoch < known.Epoch ? new StreamAppended(StreamVerdict.Fenced, head, known)
                : new StreamAppended(StreamVerdict.Closed, head, known);
        }

        return new StreamAppended(append is { Closes: true, Bytes.IsEmpty: true } ? StreamVerdict.Repeated : StreamVerdict.Closed, head);
    }

    private static StreamAppended? JudgeProducer(StreamHead head, StreamProducer producer, StreamProducer? known)
    {
        if (known is null)
        {
            return producer.Seq != 0 ? new StreamAppended(StreamVerdict.ProducerGap, head, producer with { Seq = -1 })
                : head.Producers.Count >= MostProducers ? new StreamAppended(StreamVerdict.TooManyProducers, head)
                : null;
        }

        return producer.Epoch < known.Epoch ? new StreamAppended(StreamVerdict.Fenced, head, known)
            : producer.Epoch > known.Epoch ? producer.Seq == 0 ? null : new StreamAppended(StreamVerdict.EpochBegins, head, known)
            : producer.Seq <= known.Seq ? new StreamAppended(StreamVerdict.Repeated, head, known)
            : producer.Seq == known.Seq + 1 ? null
            : new StreamAppended(StreamVerdict.ProducerGap, head, known);
    }

    // The order of their UTF-8, which String.CompareOrdinal has not outside the first plane.
    private static int CompareBytes(string one, string other) => Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other));

    /// <summary>Checks what comes behind a text that is whole but for <paramref name="unfinished"/>, which becomes what is unfinished then.</summary>
    private static bool TryCheck(ref ReadOnlyMemory<byte> unfinished, ReadOnlySpan<byte> bytes)
    {
        if (unfinished.IsEmpty)
        {
            var whole = Utf8Cut.WholeLength(bytes);
            unfinished = bytes[whole..].ToArray();
            return Utf8.IsValid(bytes[..whole]) && IsBeginning(unfinished.Span);
        }

        // As many as the longest character has show whether the two fit together.
        Span<byte> seam = stackalloc byte[8];
        unfinished.Span.CopyTo(seam);
        var taken = Math.Min(4, bytes.Length);
        bytes[..taken].CopyTo(seam[unfinished.Length..]);
        seam = seam[..(unfinished.Length + taken)];
        var status = Rune.DecodeFromUtf8(seam, out _, out var length);
        if (status == System.Buffers.OperationStatus.NeedMoreData)
        {
            unfinished = seam.ToArray();
            return true;
        }

        var rest = bytes[Math.Max(0, length - unfinished.Length)..];
        unfinished = default;
        return status == System.Buffers.OperationStatus.Done && TryCheck(ref unfinished, rest);
    }

    private static bool IsBeginning(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || Rune.DecodeFromUtf8(bytes, out _, out _) == System.Buffers.OperationStatus.NeedMoreData;
}
