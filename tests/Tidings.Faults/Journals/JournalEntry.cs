using Tidings.Protocol;

namespace Tidings.Faults.Journals;

/// <summary>What one subscription saw, in order.</summary>
internal abstract class JournalEntry(long time)
{
    public long Time => time;
}

/// <summary>It was told where it begins, for the first time or after it was away.</summary>
internal sealed class SubscribedEntry(long time, StreamPosition position, StreamPosition? asked, bool? recovered) : JournalEntry(time)
{
    public StreamPosition Position => position;
    public StreamPosition? Asked => asked;
    public bool? Recovered => recovered;
}

/// <summary>Messages with offsets in a row, whose values are those of the epoch's log.</summary>
internal sealed class RunEntry : JournalEntry
{
    public RunEntry(long time, long first)
        : base(time) => (First, Last, LastTime) = (first, first, time);

    public long First { get; }
    public long Last { get; private set; }
    public long LastTime { get; private set; }

    public void Extend(long now)
    {
        Last++;
        LastTime = now;
    }
}

/// <summary>A message whose value is not the one that was seen first at its offset; or that bears none.</summary>
internal sealed class OddEntry(long time, long offset, int value) : JournalEntry(time)
{
    public long Offset => offset;
    public int Value => value;
}

/// <summary>It was told that something is missing.</summary>
internal sealed class GapEntry(long time, StreamPosition position, long from, long to, string reason) : JournalEntry(time)
{
    public StreamPosition Position => position;
    public long From => from;
    public long To => to;
    public string Reason => reason;
}

/// <summary>Its connection ended, or it was ended by itself.</summary>
internal sealed class ClosedEntry(long time, int code, bool forGood) : JournalEntry(time)
{
    /// <summary>The close code; 1006 where there was none.</summary>
    public int Code => code;

    /// <summary>Whether it is not to come back.</summary>
    public bool ForGood => forGood;
}
