using System.Text.Json;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Services;

namespace Tidings.AspNetCore.Hosting;

/// <summary>A run of the application that does nothing but write types of what it declares, as the build asks for by <c>TidingsTypes</c>: C# for a file that ends in <c>.cs</c>, else TypeScript.</summary>
internal static class TypesOutput
{
    /// <summary>The environment variable that names the files, with <c>|</c> between them.</summary>
    public const string Variable = "TIDINGS_WRITE_TYPES";

    /// <summary>The environment variable that names the namespace of C#.</summary>
    public const string NamespaceVariable = "TIDINGS_TYPES_NAMESPACE";

    /// <summary>Writes the files that the environment names, and ends the process before it listens; otherwise it does nothing.</summary>
    public static void WriteWhereAsked(Edge tidings)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } paths)
        {
            foreach (var path in paths.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Write(tidings, path, Environment.GetEnvironmentVariable(NamespaceVariable) is { Length: > 0 } named ? named : CSharpFile.Namespace);
            }

            Environment.Exit(0);
        }
    }

    /// <summary>A file that is as it would be is left alone.</summary>
    public static void Write(Edge tidings, string path, string @in)
    {
        using var document = JsonDocument.Parse(AsyncApiDocument.Write("/connect", tidings));
        var types = IsCSharp(path) ? CSharpFile.Write(document.RootElement, @in) : TypeScriptFile.Write(document.RootElement);
        if (!File.Exists(path) || File.ReadAllText(path) != types)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, types);
        }
    }

    /// <summary>Whether a file is one of C#.</summary>
    public static bool IsCSharp(string path) => path.EndsWith(".cs", StringComparison.OrdinalIgnoreCase);
}
