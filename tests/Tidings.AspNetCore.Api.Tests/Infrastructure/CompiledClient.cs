using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tidings.AspNetCore.Api.Tests.Infrastructure;

/// <summary>C# of an application's document, compiled as a client's project would do it: with the source generator of JSON.</summary>
internal sealed class CompiledClient
{
    private const string Usings = "global using System; global using System.Collections.Generic; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly CSharpParseOptions Options = new(LanguageVersion.Latest);

    private static readonly Lazy<MetadataReference[]> References = new(static () =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => !Path.GetFileNameWithoutExtension(path).EndsWith(".Tests", StringComparison.Ordinal)).Select(static path => MetadataReference.CreateFromFile(path)),
    ]);

    private static readonly Lazy<ISourceGenerator> Json = new(static () =>
    {
        var path = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "JsonSourceGenerator").Value!;
        var type = Assembly.LoadFrom(path).GetTypes().Single(static type => type.Name == "JsonSourceGenerator");
        return ((IIncrementalGenerator)Activator.CreateInstance(type)!).AsSourceGenerator();
    });

    private readonly Compilation _compilation;

    /// <param name="sources">The file, and what uses it.</param>
    public CompiledClient(params string[] sources)
    {
        var compilation = CSharpCompilation.Create($"Client{Guid.NewGuid():N}", [.. sources.Prepend(Usings).Select(static source => CSharpSyntaxTree.ParseText(source, Options))], References.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([Json.Value], parseOptions: Options).RunGeneratorsAndUpdateCompilation(compilation, out _compilation, out var told);
        Errors = [.. told.Concat(_compilation.GetDiagnostics()).Where(static one => one.Severity >= DiagnosticSeverity.Warning && !one.IsSuppressed).Select(static one => one.ToString())];
    }

    /// <summary>Errors and warnings.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <summary>The program, which has no errors.</summary>
    public Assembly Load()
    {
        using var bytes = new MemoryStream();
        var result = _compilation.Emit(bytes);
        Assert.True(result.Success, string.Join('\n', Errors));
        bytes.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(bytes);
    }
}
