using Tidings.Data.Files;

namespace Tidings.Data.Directories;

/// <summary>Where a single node keeps what survives it.</summary>
internal sealed record DataOptions(string Directory)
{
    /// <summary>Which start of the machine it is: where it is another one than at the last start, what was not on disk may be gone.</summary>
    public Func<string> Boot { get; init; } = static () => BootId.Current;
}
