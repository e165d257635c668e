using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Tidings.Data.Files;

/// <summary>Keeps a data directory to one process, for as long as that lives.</summary>
internal sealed class DirectoryLock : IDisposable
{
    // A process that was killed a moment ago may still have it.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // What .NET says of a file that somebody else has locked.
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly SafeFileHandle _file;

    private DirectoryLock(SafeFileHandle file) => _file = file;

    /// <exception cref="DataDirectoryException">Another process has it; the message says which.</exception>
    public static DirectoryLock Take(DataLayout layout) =>
        TryTake(layout, LongestWait)
        ?? throw new DataDirectoryException($"The data directory {layout.Root} is in use by {HolderOf(layout)}; a directory serves one process at a time. Stop that one, or name another directory by --data (Tidings:Data).");

    /// <returns>Null where another process has it.</returns>
    public static DirectoryLock? TryTake(DataLayout layout, TimeSpan patience, bool sign = true)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (TryOpen(layout, sign) is { } file)
            {
                if (Unix.TryLock(file))
                {
                    if (sign)
                    {
                        PrivateFile.Protect(layout.Lock);
                        Sign(layout);
                    }

                    return new DirectoryLock(file);
                }

                file.Dispose();
            }

            if (TimeProvider.System.GetElapsedTime(began) >= patience)
            {
                return null;
            }

            Thread.Sleep(Pause);
        }
    }

    public void Dispose() => _file.Dispose();

    // Only those who may sign it make it.
    private static SafeFileHandle? TryOpen(DataLayout layout, bool sign)
    {
        try
        {
            return File.OpenHandle(
                layout.Lock, sign ? FileMode.OpenOrCreate : FileMode.Open, sign ? FileAccess.ReadWrite : FileAccess.Read, OperatingSystem.IsWindows() ? FileShare.None : FileShare.ReadWrite);
        }
        catch (IOException error) when (error.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            // .NET tries the lock, too.
            return null;
        }
    }

    private static void Sign(DataLayout layout)
    {
        try
        {
            File.WriteAllText(layout.Owner, string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}\n"));
            PrivateFile.Protect(layout.Owner);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The lock holds without a name on it.
        }
    }

    private static string HolderOf(DataLayout layout)
    {
        const int Longest = 200;
        try
        {
            var name = File.ReadAllText(layout.Owner).Trim();
            return name.Length is > 0 and < Longest && !name.Any(char.IsControl) ? name : "another process";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
