namespace Tidings.Architecture.Tests.Reading;

internal static class Repository
{
    /// <summary>This program lies in <c>artifacts/bin/PROJECT/CONFIGURATION</c>.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);
}
