using System.Globalization;

namespace Tidings.Server.AdminKeys;

/// <summary>Who listens on a port of this machine. A key of ours is shown to nobody else: when our server has ended, another user may listen where it did.</summary>
internal static class ListeningUser
{
    private const string Listening = "0A";
    private const string Root = "0";

    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether all who listen on <paramref name="port"/> are this user or root. Where the system does not tell, as outside of Linux, it is.</summary>
    public static bool IsOwn(int port) => !OperatingSystem.IsLinux() || IsOwn(port, Own(), [.. Tables.SelectMany(Lines)]);

    /// <summary>The same by the lines of <c>/proc/net/tcp</c>: number, local address, remote address, state, queues, timers, retransmits, user, and more.</summary>
    public static bool IsOwn(int port, string? user, IReadOnlyList<string> lines) => lines
        .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields.Length > 7 && fields[3] == Listening && fields[1].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{port:X4}"), StringComparison.Ordinal))
        .All(fields => fields[7] == Root || fields[7] == user);

    // Real, effective, saved and file system's.
    private static string? Own() => Lines("/proc/self/status").FirstOrDefault(static line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t')[2];

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
