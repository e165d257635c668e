using System.Text.Json;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Services;

namespace Tidings.AspNetCore.Hosting;

/// <summary>A run of the application that does nothing but write TypeScript of what it declares, as the build asks for by <c>TidingsTypes</c>.</summary>
internal static class TypesOutput
{
    /// <summary>The environment variable that names the file.</summary>
    public const string Variable = "TIDINGS_WRITE_TYPES";

    /// <summary>Writes the file that the environment names, and ends the process before it listens; otherwise it does nothing.</summary>
    public static void WriteWhereAsked(Edge tidings)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
        {
            Write(tidings, path);
            Environment.Exit(0);
        }
    }

    /// <summary>A file that is as it would be is left alone.</summary>
    public static void Write(Edge tidings, string path)
    {
        using var document = JsonDocument.Parse(AsyncApiDocument.Write("/connect", tidings));
        var types = TypeScriptFile.Write(document.RootElement);
        if (!File.Exists(path) || File.ReadAllText(path) != types)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, types);
        }
    }
}
