using Microsoft.Extensions.Logging;
using Tidings.Data.Files;
using Tidings.Data.Logs;
using Tidings.Data.Segments;

namespace Tidings.Data.Directories;

/// <summary>A data directory that this process has for itself, read and found good, or with new epochs.</summary>
internal sealed partial class DataDirectory : IDisposable
{
    private const string DamagedEnding = ".damaged";

    private readonly DirectoryLock _lock;

    private DataDirectory(DataLayout layout, DirectoryLock held, Manifest manifest, LogCatalog catalog, SegmentList list)
    {
        (Layout, _lock, Manifest, Catalog, List) = (layout, held, manifest, catalog, list);
    }

    public DataLayout Layout { get; }

    public Manifest Manifest { get; private set; }

    public LogCatalog Catalog { get; }

    public SegmentList List { get; }

    /// <summary>Takes the directory, and makes it where it is missing.</summary>
    /// <exception cref="DataDirectoryException">Another process has it, it cannot be written, or a newer version wrote it.</exception>
    public static DataDirectory Open(DataOptions options, ILogger log)
    {
        var layout = new DataLayout(Path.GetFullPath(options.Directory));
        DirectoryLock? held = null;
        Unix.IgnoreFileSizeSignal();
        try
        {
            Make(layout.Root);
            Make(layout.Logs);
            held = DirectoryLock.Take(layout);
            foreach (var warning in DirectoryRights.Warnings(layout))
            {
                LogRights(log, warning);
            }

            RemoveUnfinished(layout);
            PrivateFile.Protect(layout.Items);
            var opened = Open(layout, held, options.Boot(), log);
            held = null;
            return opened;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException($"The data directory {layout.Root} cannot be used: {error.Message} Name one that this user can write by --data (Tidings:Data).", error);
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Says that all is on disk, and ends.</summary>
    public void Close(Segment last)
    {
        try
        {
            (Manifest with { Closed = (last.Number, last.FileLength) }).Write(Layout);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the next start finds it as after a kill.
        }
    }

    public void Dispose()
    {
        List.Dispose();
        _lock.Dispose();
    }

    /// <summary>Why a start begins new epochs; null where it goes on with those that are.</summary>
    /// <param name="manifest">The manifest; null where it is missing or damaged.</param>
    /// <param name="catalog">What is in the segments.</param>
    /// <param name="boot">Which start of the machine it is.</param>
    /// <param name="isNew">Whether nothing was written there yet.</param>
    public static string? ReasonForNewEpochs(Manifest? manifest, LogCatalog catalog, string boot, bool isNew) =>
        manifest is null ? (isNew ? null : "its manifest is missing or damaged")
        : catalog.Damage.Count > 0 ? catalog.Damage[0]
        : manifest.Closed == default && (manifest.Boot.Length == 0 || manifest.Boot != boot) && !isNew
            ? "the machine, or another one, was started since and the server had not ended: the last moments before may be missing"
        : null;

    private static DataDirectory Open(DataLayout layout, DirectoryLock held, string boot, ILogger log)
    {
        var isNew = layout.Segments().Count == 0;
        var manifest = Manifest.Read(layout);
        var catalog = LogCatalog.Read(layout, manifest?.Closed ?? default, CatalogAccess.ToWrite);
        var reason = ReasonForNewEpochs(manifest, catalog, boot, isNew);
        foreach (var damage in catalog.Damage)
        {
            LogDamage(log, damage);
        }

        if (reason is not null)
        {
            LogRenewed(log, layout.Root, reason);
        }

        // New epochs are on disk before anything is put right that shows why.
        manifest = manifest is null ? Manifest.New() : reason is null ? manifest : manifest.Renewed();
        manifest = manifest with { Boot = boot, Closed = default };
        manifest.Write(layout);
        foreach (var path in catalog.Foreign)
        {
            File.Move(path, path + DamagedEnding, overwrite: true);
        }

        // What a killed process had left to the system is on disk from here on.
        foreach (var segment in catalog.Segments)
        {
            Prepare(segment.Segment, segment.Ending);
        }

        var list = SegmentList.Create(layout, catalog.Segments.Select(static one => new ListedSegment(one.Segment.Number, one.Segment.Id, one.Segment.IsOpen ? 0 : one.Segment.End)));
        foreach (var path in catalog.Leftover)
        {
            File.Delete(path);
        }

        Unix.SyncDirectory(layout.Logs);
        return new DataDirectory(layout, held, manifest, catalog, list);
    }

    // What is no record is cut off, so that the next start finds all whole; of damage a copy stays.
    private static void Prepare(Segment segment, SegmentEnding ending)
    {
        PrivateFile.Protect(segment.Path);
        switch (ending)
        {
            case SegmentEnding.Open:
                segment.IsOpen = true;
                break;
            case SegmentEnding.Torn:
                segment.SetLength(segment.End);
                segment.SetLength(segment.Capacity);
                segment.IsOpen = true;
                break;
            case SegmentEnding.Damaged:
                File.Copy(segment.Path, segment.Path + DamagedEnding, overwrite: true);
                PrivateFile.Protect(segment.Path + DamagedEnding);
                segment.Close();
                break;
        }

        if (ending != SegmentEnding.Closed)
        {
            segment.Sync();
        }

        segment.Confirmed = segment.End;
    }

    private static void Make(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
        {
            Unix.SyncDirectory(parent);
        }
    }

    private static void RemoveUnfinished(DataLayout layout)
    {
        foreach (var file in Directory.EnumerateFiles(layout.Logs, "*" + DataLayout.UnfinishedEnding))
        {
            File.Delete(file);
        }
    }

    [LoggerMessage(830, LogLevel.Warning, "The data directory {Directory} begins new epochs, as {Reason}. Clients that come back are told that they may have missed something")]
    private static partial void LogRenewed(ILogger log, string directory, string reason);

    [LoggerMessage(832, LogLevel.Warning, "{Warning}")]
    private static partial void LogRights(ILogger log, string warning);

    [LoggerMessage(831, LogLevel.Error, "In the data directory, {Damage}")]
    private static partial void LogDamage(ILogger log, string damage);
}
