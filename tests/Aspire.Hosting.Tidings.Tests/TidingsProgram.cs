namespace Aspire.Hosting.Tidings.Tests;

/// <summary>The server as it was built beside these tests, which lie in <c>artifacts/bin/PROJECT/CONFIGURATION</c>.</summary>
internal static class TidingsProgram
{
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd(System.IO.Path.DirectorySeparatorChar));

    public static string Path { get; } = System.IO.Path.Combine(Here.Parent!.Parent!.FullName, "Tidings.Server", Here.Name, "tidings");
}
