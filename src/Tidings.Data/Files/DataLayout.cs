using System.Globalization;

namespace Tidings.Data.Files;

/// <summary>Where in a data directory what is.</summary>
/// <param name="Root">The directory.</param>
internal sealed record DataLayout(string Root)
{
    private const string SegmentEnding = ".seg";

    /// <summary>What a file is called until it is whole.</summary>
    public const string UnfinishedEnding = ".new";

    public string Lock => Path.Combine(Root, "lock");

    /// <summary>Who has the lock, for people: a locked file cannot be read by others.</summary>
    public string Owner => Path.Combine(Root, "owner");

    public string Manifest => Path.Combine(Root, "manifest");

    /// <summary>Which segments there are.</summary>
    public string SegmentList => Path.Combine(Root, "segments");

    public string Logs => Path.Combine(Root, "logs");

    public string State => Path.Combine(Root, "state.db");

    /// <summary>Streams, and outputs of tasks.</summary>
    public string Streams => Path.Combine(Root, "streams.db");

    /// <summary>The items of the server's demo.</summary>
    public string Items => Path.Combine(Root, "items.db");

    public string Segment(long number) => Path.Combine(Logs, number.ToString("D10", CultureInfo.InvariantCulture) + SegmentEnding);

    /// <summary>The numbers of the segments that are there, in order.</summary>
    public IReadOnlyList<long> Segments() => !Directory.Exists(Logs) ? [] : [.. Directory.EnumerateFiles(Logs, "*" + SegmentEnding)
        .Select(static file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Where(static number => number > 0)
        .Order()];
}
