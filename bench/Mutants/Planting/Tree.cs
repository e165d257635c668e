using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.CodeAnalysis.CSharp;

namespace Tidings.Bench.Mutants.Planting;

/// <summary>A copy of the working tree in which all mutants stand.</summary>
internal sealed class Tree(string root, string copy)
{
    private const string Switch = """
        // Which mutant is chosen, and which ones are come by.
        internal static class NAME
        {
            private static readonly int Chosen = int.TryParse(System.Environment.GetEnvironmentVariable("TIDINGS_MUTANT"), out var id) ? id : -1;
            private static readonly System.IO.MemoryMappedFiles.MemoryMappedViewAccessor? Reached = Opened();
            private static readonly bool[] Seen = Reached is null ? [] : new bool[Reached.Capacity];

            public static bool Is(int id)
            {
                if (id < Seen.Length && !Seen[id])
                {
                    Seen[id] = true;
                    Reached!.Write(id, (byte)1);
                }

                return id == Chosen;
            }

            private static System.IO.MemoryMappedFiles.MemoryMappedViewAccessor? Opened()
            {
                var file = System.Environment.GetEnvironmentVariable("TIDINGS_REACHED");
                return file is null ? null : System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(
                    new System.IO.FileStream(file, System.IO.FileMode.Open, System.IO.FileAccess.ReadWrite, System.IO.FileShare.ReadWrite), null, 0,
                    System.IO.MemoryMappedFiles.MemoryMappedFileAccess.ReadWrite, System.IO.HandleInheritability.None, false).CreateViewAccessor();
            }
        }
        """;

    public string Copy => copy;
    public MutantList Mutants { get; } = new();

    /// <summary>Copies what git knows or would take.</summary>
    public void Take()
    {
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }

        foreach (var path in Output("git", "ls-files -co --exclude-standard -z").Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var source = Path.Combine(root, path);
            if (File.Exists(source))
            {
                var target = Path.Combine(copy, path);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(source, target);
            }
        }

        Directory.CreateSymbolicLink(Path.Combine(copy, "clients/js/node_modules"), Path.Combine(root, "clients/js/node_modules"));
    }

    /// <summary>Writes all mutants that were not refused into the copy.</summary>
    public void Plant()
    {
        Mutants.Restart();
        foreach (var project in Area.All.GroupBy(static area => area.Project))
        {
            if (project.First().IsJavaScript)
            {
                PlantJavaScript(project.First());
                continue;
            }

            var name = "Mutant_" + Path.GetFileName(project.Key).Replace('.', '_');
            File.WriteAllText(Path.Combine(copy, project.Key, name + ".cs"), Switch.Replace("NAME", name, StringComparison.Ordinal));
            foreach (var path in Directory.EnumerateFiles(Path.Combine(root, project.Key), "*.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file)).Order(StringComparer.Ordinal))
            {
                if (project.FirstOrDefault(area => area.Has(path)) is { } area)
                {
                    var source = CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(root, path)), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
                    var planted = new Planter(Mutants, new PlantedFile(path, area.Name, "global::" + name)).Visit(source)!;
                    File.WriteAllText(Path.Combine(copy, path), planted.ToFullString());
                }
            }
        }
    }

    private void PlantJavaScript(Area area)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Planting/plant.mjs");
        var first = Mutants.All.Count.ToString(CultureInfo.InvariantCulture);
        var planted = Output("node", $"--expose-internals --no-warnings {script} {Path.Combine(root, area.Project)} {Path.Combine(copy, area.Project)} {first}");
        foreach (var mutant in JsonSerializer.Deserialize<List<JsonElement>>(planted)!)
        {
            string Text(string name) => mutant.GetProperty(name).GetString()!;
            var (line, lastLine) = (mutant.GetProperty("line").GetInt32(), mutant.GetProperty("lastLine").GetInt32());
            Mutants.Add(new Mutant(
                Mutants.All.Count, area.Name, $"{area.Project}/{Text("file")}", line, lastLine, Text("member"), Shapes.Short(Text("before")), Shapes.Short(Text("after")),
                mutant.GetProperty("occurrence").GetInt32(), mutant.GetProperty("control").GetString()));
        }
    }

    private string Output(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = root, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {arguments} ended with {process.ExitCode}.");
    }
}
