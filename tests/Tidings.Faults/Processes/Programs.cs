namespace Tidings.Faults.Processes;

/// <summary>Where programs of this build are: <c>artifacts/bin/{project}/{configuration}/</c>.</summary>
internal static class Programs
{
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Artifacts => Here.Parent!.Parent!.FullName;

    public static string Configuration => Here.Name;

    /// <summary>The runtime that runs us, for programs that we start.</summary>
    public static string DotnetRoot => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
}
