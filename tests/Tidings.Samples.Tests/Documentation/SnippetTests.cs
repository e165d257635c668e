using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tidings.Samples.Tests.Documentation;

/// <summary>
/// What the documentation shows in C# compiles, with the compiler of the SDK and the assemblies as they were built. A block may rely on
/// <see cref="Givens"/>, on what the comment <c>&lt;!-- given: Type name, Type name --&gt;</c> above it declares, and on <see cref="Types"/>;
/// <c>&lt;!-- not compiled: reason --&gt;</c> leaves one out.
/// </summary>
public sealed class SnippetTests
{
    private const string Givens = "WebApplicationBuilder builder, WebApplication app, TidingsBuilder tidings, ShopDb db, string connectionString";

    private const string Types = """
        global using System.Net.Http;
        global using System.Security.Claims;
        global using System.Text.Json;
        global using System.Text.Json.Serialization.Metadata;
        global using System.ComponentModel.DataAnnotations;
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.TestHost;
        global using Microsoft.EntityFrameworkCore;
        global using Microsoft.Extensions.AI;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        global using Tidings.Testing;
        global using Xunit;
        global using Documented;

        namespace Documented
        {
            public sealed class Item { public int Id { get; set; } public string Name { get; set; } = ""; public decimal Price { get; set; } public string Category { get; set; } = ""; public string Tenant { get; set; } = ""; }
            public sealed class Order { public int Id { get; set; } public bool Paid { get; set; } public string Customer { get; set; } = ""; }
            public sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options) { public DbSet<Item> Items => Set<Item>(); public DbSet<Order> Orders => Set<Order>(); }
            public sealed class Shop { public int Count => 0; public Task AddAsync(string name, CancellationToken cancelled) => Task.CompletedTask; }
            public sealed record ImportArgs(int Rows);
            public sealed record Summary(int Files);
            public sealed record Line(string Text);
            public static class ChatJson { public static class Default { public static JsonTypeInfo<Line> Line => null!; } }
            public static class SampleJson { public static class Default { public static JsonTypeInfo<Summary> Summary => null!; } }
            public sealed class Tokens { public ValueTask<string?> GetAsync(CancellationToken cancellation) => default; }
        }
        """;

    [Fact]
    public void Each_block_of_csharp_compiles()
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        var documented = CSharpCompilation.Create("Documented", [CSharpSyntaxTree.ParseText(Types, options, "Types.cs")], References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        var wrong = new List<string>();
        var count = 0;
        foreach (var page in MarkdownPage.All)
        {
            foreach (var (line, given, code) in page.Snippets)
            {
                // So many line breaks before it, that the compiler counts the lines as the page does.
                var snippet = CSharpSyntaxTree.ParseText(new string('\n', line) + code, options, page.Name);
                var isProgram = ((CompilationUnitSyntax)snippet.GetRoot()).Members.OfType<GlobalStatementSyntax>().Any();
                var compiled = documented.AddSyntaxTrees(snippet, CSharpSyntaxTree.ParseText(Declare(given, code), options, "Given.cs"))
                    .WithOptions(documented.Options.WithOutputKind(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary));
                wrong.AddRange(compiled.GetDiagnostics(TestContext.Current.CancellationToken)
                    .Where(static found => found.Severity == DiagnosticSeverity.Error).Select(static found => found.ToString()));
                count++;
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.InRange(count, 30, 200);
    }

    // A page may give a name another type than the usual one. Programs of the client and of the server use names of their own namespace.
    private static string Declare(string given, string code)
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var declaration in (Givens + (given.Length > 0 ? ", " + given : "")).Split(", "))
        {
            var name = declaration.LastIndexOf(' ');
            types[declaration[(name + 1)..]] = declaration[..name];
        }

        return $$"""
            global using Tidings{{((given + code).Contains("TidingsClient", StringComparison.Ordinal) ? ".Client" : "")}};
            global using static Given;
            static class Given
            {
                public static Task ReloadAsync() => Task.CompletedTask;
                {{string.Join('\n', types.Select(static given => $"public static readonly {given.Value} {given.Key} = default!;"))}}
            }
            """;
    }

    private static IEnumerable<MetadataReference> References() =>
        from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        let name = Path.GetFileNameWithoutExtension(path)
        where !name.EndsWith(".Tests", StringComparison.Ordinal) && !Directory.Exists(Path.Combine(MarkdownPage.Root, "samples", name))
        select MetadataReference.CreateFromFile(path);
}
