using Tidings.Data.Files;

namespace Tidings.Data.Directories;

/// <summary>Who may do what in a data directory, besides the user that the server runs as.</summary>
internal static class DirectoryRights
{
    /// <summary>What an operator should change; empty where nothing is wrong.</summary>
    public static IEnumerable<string> Warnings(DataLayout layout)
    {
        if (OperatingSystem.IsWindows())
        {
            yield break;
        }

        foreach (var path in new[] { layout.Root, layout.Logs }.Where(Directory.Exists))
        {
            var mode = File.GetUnixFileMode(path);
            if (mode.HasFlag(UnixFileMode.OtherWrite))
            {
                yield return $"{path} can be written by every user of this machine (mode {Convert.ToString((int)mode, 8)}): others can replace what is kept there. Run chmod 700 on it.";
            }

            if (Unix.ForeignOwnerOf(path) is { } owner)
            {
                yield return $"{path} belongs to another user (id {owner}) than this process runs as: that user can replace what is kept there, or a server of that user cannot open what this one writes. Start the server as its owner, or change the owner.";
            }
        }
    }

    /// <exception cref="DataDirectoryException">There is no directory, or this user may not look into it.</exception>
    public static void RequireReadable(DataLayout layout)
    {
        if (!Directory.Exists(layout.Root))
        {
            throw new DataDirectoryException(File.Exists(layout.Root)
                ? $"{layout.Root} is a file. Name the directory that serve is given by --data."
                : $"There is no directory {layout.Root} that this user ({Environment.UserName}) can see. Name the directory that serve is given by --data, or run this as the user that the server runs as.");
        }

        try
        {
            foreach (var directory in new[] { layout.Root, layout.Logs })
            {
                // Listing needs one right, and opening what is listed another.
                _ = Directory.Exists(directory) && Directory.EnumerateFiles(directory).Any(static file => File.GetAttributes(file) < 0);
            }

            foreach (var file in new[] { layout.Manifest, layout.SegmentList, layout.State, layout.Streams }.Where(File.Exists))
            {
                File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete).Dispose();
            }
        }
        catch (UnauthorizedAccessException)
        {
            throw new DataDirectoryException($"{layout.Root} cannot be read by this user ({Environment.UserName}): run this as the user that the server runs as.");
        }
    }
}
