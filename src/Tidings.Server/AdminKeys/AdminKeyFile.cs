using System.Security.Cryptography;

namespace Tidings.Server.AdminKeys;

/// <summary>A file with a made admin key, which the user who runs the server alone may read. What others may have touched is not used.</summary>
internal static class AdminKeyFile
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode WrittenByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode UsedByOthers = WrittenByOthers | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int KeyBytes = 32;
    private const int LongestFile = 128;

    /// <summary>The file of the server that listens on a port.</summary>
    public static string PathOf(string directory, int port) => Path.Combine(directory, $"admin-key-{port}");

    /// <summary>The key of the server on this machine that listens on <paramref name="port"/>, and that the same user runs; null where there is none.</summary>
    public static string? Find(int port) =>
        AdminKeyDirectories.Find().Select(directory => Read(PathOf(directory, port))).FirstOrDefault(static key => key is not null);

    /// <summary>The key that is kept in a file, or null where there is none.</summary>
    public static string? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.LinkTarget is not null || file.Length > LongestFile || IsUsedByOthers(path))
            {
                return null;
            }

            var key = File.ReadAllText(path).Trim();
            return key.Length == 2 * KeyBytes && key.All(char.IsAsciiHexDigitLower) ? key : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The key that is kept in a file, or a new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="proposed">What a new file is to hold; null for a new key.</param>
    /// <exception cref="IOException">It can't be kept there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be kept there.</exception>
    public static string Ensure(string path, string? proposed = null)
    {
        var directory = Path.GetDirectoryName(path)!;
        MakeDirectory(directory);
        if (Read(path) is { } kept)
        {
            return kept;
        }

        var key = proposed ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));
        try
        {
            Write(path, key);
            return key;
        }
        catch (IOException) when (Read(path) is { } made)
        {
            // Another server of this user was quicker.
            return made;
        }
    }

    private static void MakeDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(directory, OwnersAlone | UnixFileMode.UserExecute);
        if ((File.GetUnixFileMode(directory) & WrittenByOthers) != 0)
        {
            throw new UnauthorizedAccessException($"Others may write in {directory}.");
        }
    }

    // Whole or not at all, and never over a file or a link that is there already: link(2) and O_EXCL.
    private static void Write(string path, string key)
    {
        var part = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnersAlone;
        }

        try
        {
            using (var writer = new StreamWriter(part, options))
            {
                writer.Write(key + "\n");
            }

            File.Move(part, path, overwrite: false);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static bool IsUsedByOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UsedByOthers) != 0;
}
