namespace Tidings.Tasks;

/// <summary>A part of an output on its way.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Offset">Where they stand.</param>
/// <param name="IsBinary">Whether the output is no text.</param>
internal readonly record struct OutputChunk(ReadOnlyMemory<byte> Bytes, long Offset, bool IsBinary);

/// <summary>What became of a chunk.</summary>
internal enum OutputSent : byte
{
    Yes,

    /// <summary>Not now: it is sent again.</summary>
    Later,

    /// <summary>The task has ended.</summary>
    Ended,

    TooLarge,
    NoRoom,
    NotText,
}
