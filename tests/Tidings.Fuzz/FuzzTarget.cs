namespace Tidings.Fuzz;

/// <summary>Code that takes bytes from strangers. To add one, derive a class under Targets/, list it in <see cref="All"/>, and give it a corpus.</summary>
internal abstract class FuzzTarget
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new Targets.FrameReaderTarget(),
        new Targets.MessageReaderTarget(),
        new Targets.RoomControlTarget(),
        new Targets.ChannelNameTarget(),
        new Targets.HandshakeHeadTarget(),
        new Targets.ExtensionTarget(),
        new Targets.InflateTarget(),
        new Targets.OutboundQueueTarget(),
        new Targets.CommandReaderTarget(),
        new Targets.BinaryCommandTarget(),
        new Targets.CentrifugeReaderTarget(),
        new Targets.ProtobufTarget(),
        new Targets.PositionTarget(),
        new Targets.RedisEntryTarget(),
    ];

    /// <summary>As on the command line, and the name of its files in the corpus.</summary>
    public abstract string Name { get; }

    /// <summary>The most bytes of managed memory that one run may allocate, its own copies of the input among them.</summary>
    public virtual int AllocationBound => 64 * 1024;

    public virtual int LongestInput => 4096;

    /// <summary>Sequences that mean something to this target, for the mutator to strew in.</summary>
    public virtual IReadOnlyList<byte[]> Dictionary => [];

    /// <summary>
    /// Gives <paramref name="input"/> to the code and checks what must hold of the result, by <see cref="Require"/>.
    /// Whatever it throws is a bug: bad input is refused by a documented value.
    /// </summary>
    public abstract Outcome Run(ReadOnlySpan<byte> input);

    protected static void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw new InvariantException(promise);
        }
    }
}

/// <param name="Name">Accepted, or refused with which documented code: for the tally.</param>
/// <param name="Path">Differs where the input made the code do something else: such inputs are mutated further.</param>
internal readonly record struct Outcome(string Name, ulong Path);

internal sealed class InvariantException(string promise) : Exception(promise);
