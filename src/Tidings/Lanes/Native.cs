using System.Runtime.InteropServices;

namespace Tidings.Lanes;

/// <summary>What a call on a socket that never waits came to.</summary>
internal enum NativeStatus : byte
{
    Done,
    WouldBlock,
    Failed,
}

/// <summary>Socket calls on bare descriptors. None of them waits, raises SIGPIPE, or tells .NET's own event loop of the descriptor.</summary>
internal static unsafe class Native
{
    public static NativeStatus Send(int fd, ReadOnlySpan<byte> bytes, out int sent)
    {
        fixed (byte* start = bytes)
        {
            return Retry(Libc.send(fd, start, bytes.Length, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT), out sent)
                ?? Send(fd, bytes, out sent);
        }
    }

    /// <summary>Done with 0 bytes is the end of the stream.</summary>
    public static NativeStatus Receive(int fd, Span<byte> buffer, out int received, bool peek = false)
    {
        fixed (byte* start = buffer)
        {
            return Retry(Libc.recv(fd, start, buffer.Length, Libc.MSG_DONTWAIT | (peek ? Libc.MSG_PEEK : 0)), out received)
                ?? Receive(fd, buffer, out received, peek);
        }
    }

    public static void SetOption(int fd, int level, int name, int value) => Libc.setsockopt(fd, level, name, &value, sizeof(int));

    public static void SetNonBlocking(int fd) => Libc.fcntl(fd, Libc.F_SETFL, Libc.fcntl(fd, Libc.F_GETFL, 0) | Libc.NONBLOCK);

    /// <summary>How many descriptors this process may have.</summary>
    public static long MostDescriptors()
    {
        var limits = stackalloc ulong[2];
        return Libc.getrlimit(Libc.RLIMIT_NOFILE, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue) : long.MaxValue;
    }

    public static void EndOutput(int fd) => Libc.shutdown(fd, Libc.SHUT_WR);

    public static void Close(int fd) => Libc.close(fd);

    // Null where a signal came between.
    private static NativeStatus? Retry(nint result, out int count)
    {
        count = (int)result;
        if (result >= 0)
        {
            return NativeStatus.Done;
        }

        count = 0;
        return Marshal.GetLastPInvokeError() switch
        {
            Libc.EINTR => null,
            Libc.EAGAIN => NativeStatus.WouldBlock,
            _ => NativeStatus.Failed,
        };
    }
}
