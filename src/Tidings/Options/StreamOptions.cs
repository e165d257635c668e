using Tidings.Options;

namespace Tidings;

/// <summary>Streams of bytes that are kept: outputs of tasks, and the routes of <c>MapStreams</c> (docs/guides/streams.md).</summary>
public sealed class StreamOptions
{
    /// <summary>Whether the standalone server has <c>/streams</c>, the Durable Streams protocol; applications call <c>MapStreams()</c>. Default false. Outputs of tasks need it not.</summary>
    public bool Enabled { get; set; }

    /// <summary>The most bytes of one stream. Default 64 MB, from 1 KB to 256 MB.</summary>
    [OptionRange("1KB", "256MB")]
    public long StreamBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The most bytes of one append, of a stream's first content, and of one chunk of an output. Default 4 MB, from 1 KB to 64 MB.</summary>
    [OptionRange("1KB", "64MB")]
    public long AppendBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most bytes of all streams together, outputs of tasks among them; each counts 1 KB besides. Who is no holder of a key may have as many of them as are still free. Beyond it
    /// nothing is appended. Default 256 MB, from 1 MB to 1,000 GB.</summary>
    [OptionRange("1MB", "1000GB")]
    public long TotalBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>How long a long poll of a stream waits. Default 20 s, from 100 ms to 60 s.</summary>
    [OptionRange("100ms", "60s")]
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromSeconds(20);
}
