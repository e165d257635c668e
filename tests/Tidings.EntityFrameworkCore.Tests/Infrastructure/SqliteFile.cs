using System.Diagnostics.CodeAnalysis;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>SQLite files of the tests, in one directory of the run.</summary>
internal static class SqliteFile
{
    private const string Beginning = "Data Source=";

    private static readonly Lazy<string> Root = new(static () =>
    {
        var root = Directory.CreateTempSubdirectory("tidings-sqlite-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        return root;
    });

    /// <summary>The connection string of a file that is not there yet.</summary>
    public static string CreateDatabase() => $"{Beginning}{Path.Combine(Root.Value, Guid.NewGuid().ToString("N"))}.db";

    public static bool Is([NotNullWhen(true)] string? database) => database?.StartsWith(Beginning, StringComparison.Ordinal) == true;
}
