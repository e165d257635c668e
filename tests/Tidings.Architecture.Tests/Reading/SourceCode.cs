using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>All projects under <c>src</c>, compiled in memory as far as names need it.</summary>
internal static class SourceCode
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private const string WebUsings = """
        global using System.Net.Http.Json;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    private static readonly Lazy<IReadOnlyList<CSharpCompilation>> OfRepository = new(static () => Compile(Repository.Root));

    /// <summary>The projects of this repository, compiled once.</summary>
    public static IReadOnlyList<CSharpCompilation> Projects => OfRepository.Value;

    /// <summary>Compiles what is under <paramref name="root"/>/src; a path of a tree is "project/path in it".</summary>
    public static IReadOnlyList<CSharpCompilation> Compile(string root)
    {
        var projects = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => new SourceProject(Path.GetDirectoryName(file)!)).ToDictionary(project => project.Name);
        var libraries = Libraries(projects.Keys);
        var done = new Dictionary<string, CSharpCompilation>();
        foreach (var name in projects.Keys)
        {
            Compile(name, projects, libraries, done);
        }

        return [.. done.Values];
    }

    private static void Compile(
        string name, Dictionary<string, SourceProject> projects, MetadataReference[] libraries, Dictionary<string, CSharpCompilation> done)
    {
        if (done.ContainsKey(name))
        {
            return;
        }

        var project = projects[name];
        foreach (var reference in project.References)
        {
            Compile(reference, projects, libraries, done);
        }

        var options = new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.None);
        var trees = project.Sources().Select(source => CSharpSyntaxTree.ParseText(
            File.ReadAllText(source.File), options, $"{name}/{source.InProject.Replace('\\', '/')}")).ToList();
        trees.Add(CSharpSyntaxTree.ParseText(project.IsWeb ? Usings + "\n" + WebUsings : Usings, options));
        trees.Add(CSharpSyntaxTree.ParseText(string.Concat(project.Friends.Select(
            friend => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend}\")]\n")), options));
        done[name] = CSharpCompilation.Create(
            name, trees, [.. libraries, .. Closure(name, projects).Select(reference => done[reference].ToMetadataReference())],
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static HashSet<string> Closure(string name, Dictionary<string, SourceProject> projects)
    {
        var all = new HashSet<string>();
        foreach (var reference in projects[name].References)
        {
            all.Add(reference);
            all.UnionWith(Closure(reference, projects));
        }

        return all;
    }

    // The packages and frameworks that this process runs with are those of the projects, which it refers to.
    private static MetadataReference[] Libraries(ICollection<string> projects) =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !projects.Contains(Path.GetFileNameWithoutExtension(path)) && path != typeof(SourceCode).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path))];
}
