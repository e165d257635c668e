using System.Diagnostics.CodeAnalysis;
using Tidings.Streams;

namespace Tidings.Data.Streams;

/// <summary>One stream of this node.</summary>
/// <param name="id">Its number in the tables, which no other one ever has.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that nobody asks for a handle holds nothing.")]
internal sealed class DataStream(long id)
{
    private volatile DataStreamState? _now;

    public long Id => id;

    /// <summary>Held by who writes.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>As it was written last; null where it was not yet, or is no more. Any thread may read it.</summary>
    public DataStreamState? Now { get => _now; set => _now = value; }

    /// <summary>Whether it is no more. Under <see cref="Gate"/>.</summary>
    public bool IsRemoved { get; set; }
}

/// <summary>A stream as it was written. Immutable.</summary>
/// <param name="Head">What is known of it.</param>
/// <param name="Last">Its newest bytes, as far as they are in memory.</param>
/// <param name="Row">Where its last row begins: what comes goes in there, as long as that is small. Its length where there is none that is known.</param>
internal sealed record DataStreamState(StreamHead Head, ReadOnlyMemory<byte> Last, long Row)
{
    /// <summary>Reads from memory; null where it is not there.</summary>
    public ReadOnlyMemory<byte>? TryRead(long from, int count) =>
        from >= Head.Length - Last.Length ? Last.Slice((int)(from - (Head.Length - Last.Length)), count) : default(ReadOnlyMemory<byte>?);
}
