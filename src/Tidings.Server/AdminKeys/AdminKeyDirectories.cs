namespace Tidings.Server.AdminKeys;

/// <summary>Where a made admin key may be kept, best first.</summary>
internal static class AdminKeyDirectories
{
    /// <param name="data">The directory of the server's data, where it has one.</param>
    public static IReadOnlyList<string> Find(string? data = null) => [.. new[] { data, OfService(), OfUser() }.OfType<string>()];

    // systemd: the first of several goes.
    private static string? OfService() => Absolute(Environment.GetEnvironmentVariable("STATE_DIRECTORY")?.Split(':')[0]);

    // The XDG Base Directory Specification: what is not absolute is to be ignored.
    private static string? OfUser()
    {
        if (OperatingSystem.IsWindows())
        {
            return Under(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData));
        }

        return Under(Environment.GetEnvironmentVariable("XDG_STATE_HOME"))
            ?? (Absolute(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)) is { } home ? Path.Combine(home, ".local", "state", "tidings") : null);
    }

    private static string? Under(string? directory) => Absolute(directory) is { } state ? Path.Combine(state, "tidings") : null;

    private static string? Absolute(string? directory) => directory is { Length: > 0 } && Path.IsPathFullyQualified(directory) ? directory : null;
}
