namespace Tidings.Data.Directories;

/// <summary>What kind of file system a directory is on.</summary>
internal static class DataPlace
{
    private const string Mounts = "/proc/self/mounts";

    private static readonly string[] s_remote = ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.s3fs", "ceph", "glusterfs", "fuse.glusterfs"];
    private static readonly string[] s_volatile = ["tmpfs", "ramfs"];

    /// <summary>What is to be known of a directory's file system before something is trusted to it; null where there is nothing.</summary>
    public static string? NoteOf(string directory) => TypeOf(Path.GetFullPath(directory)) switch
    {
        { } type when s_remote.Contains(type) =>
            $"{directory} is on {type}, a file system of another machine: locks and syncs may not hold there, and durable messages may be lost. Use a disk of this machine.",
        { } type when s_volatile.Contains(type) => $"{directory} is on {type}, which is in memory: it survives the process, and not the machine.",
        _ => null,
    };

    /// <summary>The type of the file system; null where it cannot be known.</summary>
    public static string? TypeOf(string path)
    {
        try
        {
            return !File.Exists(Mounts) ? null : File.ReadLines(Mounts)
                .Select(static line => line.Split(' '))
                .Where(fields => fields.Length > 2 && IsWithin(path, Unescape(fields[1])))
                .MaxBy(static fields => fields[1].Length)?[2];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsWithin(string path, string mount) =>
        mount == "/" || path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal);

    // A blank in a name stands there as an octal number.
    private static string Unescape(string name) => name.Replace("\\040", " ", StringComparison.Ordinal);
}
