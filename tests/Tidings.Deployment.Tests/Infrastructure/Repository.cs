namespace Tidings.Deployment.Tests.Infrastructure;

/// <summary>The files that these tests are about. This program lies in <c>artifacts/bin/PROJECT/CONFIGURATION</c>.</summary>
internal static class Repository
{
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Configuration => Here.Name;

    public static string Root { get; } = Here.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(PathOf(parts));
}
