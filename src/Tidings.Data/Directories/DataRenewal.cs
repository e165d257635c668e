using Tidings.Data.Files;

namespace Tidings.Data.Directories;

/// <summary>Tells a directory that it is a copy, of a snapshot or a backup of files: its epochs begin anew.</summary>
internal static class DataRenewal
{
    /// <exception cref="DataDirectoryException">There is none, or a process has it.</exception>
    public static void Renew(string directory)
    {
        var layout = new DataLayout(Path.GetFullPath(directory));
        if (!File.Exists(layout.Manifest) && layout.Segments().Count == 0)
        {
            throw new DataDirectoryException($"{directory} is no data directory: it has neither a manifest nor segments.");
        }

        using var held = DirectoryLock.Take(layout);
        (Manifest.Read(layout)?.Renewed() ?? Manifest.New()).Write(layout);
    }
}
