using Microsoft.Win32.SafeHandles;

namespace Tidings.Data.Files;

/// <summary>Files of a data directory have everybody's messages in them: only their owner reads them. On Windows the rights of the directory hold.</summary>
internal static class PrivateFile
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a file that is not there yet, or in the place of one that is, with its room taken.</summary>
    /// <exception cref="IOException">There is no room, or the directory cannot be written.</exception>
    public static SafeFileHandle Create(string path, long room = 0)
    {
        // One that somebody else has open, or that others may read, is not written to.
        File.Delete(path);
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.None, room);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, Mine);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes an empty file where there is none, and takes from others what they may do with one that is there.</summary>
    public static void Ensure(string path)
    {
        if (!File.Exists(path))
        {
            Create(path).Dispose();
        }

        Protect(path);
    }

    /// <summary>Takes from others what they may do with a file that is there.</summary>
    public static void Protect(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & ~Mine) != 0)
        {
            File.SetUnixFileMode(path, Mine);
        }
    }
}
