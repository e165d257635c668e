using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tidings.AspNetCore.Api.Tests.Infrastructure;

/// <summary>A program that a guide shows, as a process that ends with the test.</summary>
internal sealed partial class GuideProgram : IAsyncDisposable
{
    // What the SDK for the web imports by itself.
    private const string Imports = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Text.Json;
        global using System.Threading; global using System.Threading.Tasks; global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Http;
        global using Microsoft.Extensions.DependencyInjection; global using Microsoft.Extensions.Hosting; global using Tidings;
        """;

    private readonly Process _process;
    private readonly string? _assembly;

    private GuideProgram(ProcessStartInfo start, string? assembly = null)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["TIDINGS_SECRET"] = EventBackEnd.Secret;
        start.Environment["PORT"] = "0";
        (_process, _assembly) = (Process.Start(start)!, assembly);
    }

    /// <summary>The blocks of one language in a page beside the tests, in order.</summary>
    public static IReadOnlyList<string> BlocksOf(string page, string language) =>
        [.. Block().Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, page))).Where(block => block.Groups["language"].Value == language).Select(static block => block.Groups["code"].Value)];

    /// <summary>Runs it with a program that takes code as its last argument.</summary>
    public static GuideProgram Interpret(string code, string program, params string[] arguments) => new(new ProcessStartInfo(program, [.. arguments, code]));

    /// <summary>Compiles and runs a program in C#, with the assemblies of the tests.</summary>
    public static GuideProgram Compile(string code)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path));
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        var name = "Guide" + Guid.NewGuid().ToString("N");
        var compiled = CSharpCompilation.Create(
            name, [CSharpSyntaxTree.ParseText(Imports, options), CSharpSyntaxTree.ParseText(code, options)], references, new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        var assembly = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        var result = compiled.Emit(assembly);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        var tests = Path.Combine(AppContext.BaseDirectory, typeof(GuideProgram).Assembly.GetName().Name!);
        return new GuideProgram(new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"), ["exec", "--runtimeconfig", tests + ".runtimeconfig.json", "--depsfile", tests + ".deps.json", assembly]), assembly);
    }

    /// <summary>The next line that it prints.</summary>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new ExpectationException("The program ended: " + await _process.StandardError.ReadToEndAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_assembly is not null)
        {
            File.Delete(_assembly);
        }
    }

    [GeneratedRegex("```(?<language>[a-z]+)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
