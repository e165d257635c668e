using System.Globalization;
using TestKit;

namespace Tidings.Conformance.Tests.Infrastructure;

/// <summary>Tests that count what the whole process has; nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>The open files of this process, as the kernel lists them.</summary>
internal static class Descriptors
{
    private const string Folder = "/proc/self/fd";

    /// <summary>Sockets, pipes and epoll instances. Not files: assemblies are loaded when they are first needed.</summary>
    public static int Count => All().Count(file => file.Target is ['s' or 'p' or 'a', ..]);

    /// <summary>How many there are of each kind: sockets, pipes, files.</summary>
    public static string Kinds => string.Join(", ", All().GroupBy(file => file.Target is ['/', ..] ? "file" : file.Target?.Split(':')[0]).OrderBy(kind => kind.Key).Select(kind => $"{kind.Count()} {kind.Key}"));

    public static Task ExpectAtMostAsync(int count, string before = "") =>
        Eventually.TrueAsync(() => Task.FromResult(Count <= count), () => $"{Count} open files instead of {count}: {Kinds}; before: {before}");

    /// <summary>The descriptor of this process's end of a TCP connection from <paramref name="localPort"/> to <paramref name="remotePort"/>.</summary>
    public static int OfSocket(int localPort, int remotePort)
    {
        var inode = InodeOf(localPort, remotePort);
        return All().Single(file => file.Target == $"socket:[{inode}]").Descriptor;
    }

    /// <summary>Each epoll instance of this process with the descriptors that it watches.</summary>
    public static IReadOnlyDictionary<int, IReadOnlySet<int>> Epolls() => All()
        .Where(file => file.Target == "anon_inode:[eventpoll]")
        .ToDictionary(file => file.Descriptor, file => Watched(file.Descriptor));

    private static IReadOnlySet<int> Watched(int epoll) => File.ReadLines($"/proc/self/fdinfo/{epoll}")
        .Where(line => line.StartsWith("tfd:", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
        .ToHashSet();

    private static string InodeOf(int localPort, int remotePort)
    {
        var ends = (Local: ":" + localPort.ToString("X4", CultureInfo.InvariantCulture), Remote: ":" + remotePort.ToString("X4", CultureInfo.InvariantCulture));
        return new[] { "/proc/self/net/tcp", "/proc/self/net/tcp6" }
            .SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Single(parts => parts[1].EndsWith(ends.Local, StringComparison.Ordinal) && parts[2].EndsWith(ends.Remote, StringComparison.Ordinal))[9];
    }

    private static IEnumerable<(int Descriptor, string? Target)> All()
    {
        foreach (var path in Directory.GetFileSystemEntries(Folder))
        {
            string? target;
            try
            {
                target = new FileInfo(path).LinkTarget;
            }
            catch (IOException)
            {
                continue;
            }

            yield return (int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture), target);
        }
    }
}
