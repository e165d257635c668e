using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tidings.Data.Files;

/// <summary>What .NET has no call for. Does nothing on Windows, where directories need no flush and opened files are locked.</summary>
internal static unsafe partial class Unix
{
    private const int ReadOnly = 0;
    private const int LockExclusively = 2;
    private const int DoNotWait = 4;
    private const int CloseOnExec = 0x80000;
    private const int WorkingDirectory = -100;
    private const uint StatOwner = 0x8;
    private const int StatOwnerPlace = 20;
    private const int StatLength = 256;
    private const int FileSizeSignal = 25;
    private const nint IgnoreSignal = 1;

    /// <summary>Has the names in a directory survive the machine: after a file was created, renamed or removed.</summary>
    /// <exception cref="IOException">The directory cannot be synced.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = open(path, OperatingSystem.IsLinux() ? ReadOnly | CloseOnExec : ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"The directory {path} cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        try
        {
            if (fsync(descriptor) < 0)
            {
                throw new IOException($"The directory {path} cannot be synced: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    /// <summary>Has a write over the largest size that files may have (<c>ulimit -f</c>) fail, as on a full disk, instead of ending the process.</summary>
    public static void IgnoreFileSizeSignal()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = signal(FileSizeSignal, IgnoreSignal);
        }
    }

    /// <summary>Takes the lock of a file, which ends with the process however that ends.</summary>
    /// <returns>False where another process has it.</returns>
    public static bool TryLock(SafeFileHandle file) =>
        OperatingSystem.IsWindows() || flock((int)file.DangerousGetHandle(), LockExclusively | DoNotWait) == 0;

    /// <summary>Writes at a place, in one call. A third of the time that .NET's own takes for a short record.</summary>
    /// <returns>False where it was not written whole, for whatever reason: .NET's own then says which.</returns>
    public static bool TryWrite(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
    {
        if (!OperatingSystem.IsLinux() || nint.Size != sizeof(long))
        {
            return false;
        }

        fixed (byte* start = bytes)
        {
            return pwrite((int)file.DangerousGetHandle(), start, bytes.Length, position) == bytes.Length;
        }
    }

    /// <summary>Who owns a file; null where it is this process's user, or cannot be known.</summary>
    public static uint? ForeignOwnerOf(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> facts = stackalloc byte[StatLength];
        facts.Clear();
        fixed (byte* start = facts)
        {
            if (statx(WorkingDirectory, path, 0, StatOwner, start) != 0)
            {
                return null;
            }
        }

        var owner = MemoryMarshal.Read<uint>(facts[StatOwnerPlace..]);
        return owner == geteuid() ? null : owner;
    }

    [LibraryImport("libc")]
    private static partial nint pwrite(int descriptor, byte* bytes, nint count, long position);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* facts);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int descriptor, int operation);
}
