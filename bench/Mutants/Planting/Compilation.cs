using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tidings.Bench.Mutants.Planting;

/// <summary>Builds the copy; what the compiler refuses is taken out, until it builds.</summary>
internal sealed partial class Compilation(Tree tree)
{
    private const int MostRounds = 12;

    public void Run(IEnumerable<string> projects)
    {
        foreach (var project in projects)
        {
            var round = 0;
            while (Build(project) is { Length: > 0 } errors)
            {
                if (++round == MostRounds || !Refuse(errors))
                {
                    throw new InvalidOperationException($"{project} does not build:{Environment.NewLine}{errors}");
                }

                tree.Plant();
            }
        }
    }

    private string Build(string project)
    {
        var arguments = $"build {project} -c Release -v quiet -clp:ErrorsOnly;NoSummary -tl:off -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:TreatWarningsAsErrors=false -p:NuGetAudit=false";
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = tree.Copy, RedirectStandardOutput = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : output.Length > 0 ? output : "no output";
    }

    // An error belongs to what begins on its line, else to what the line is in, else to all of the member around.
    private bool Refuse(string errors)
    {
        var planted = tree.Mutants.Planted.ToList();
        var refused = new HashSet<Mutant>();
        foreach (Match error in Errors().Matches(errors))
        {
            var path = Path.GetRelativePath(tree.Copy, error.Groups[1].Value);
            var line = int.Parse(error.Groups[2].Value, CultureInfo.InvariantCulture);
            var file = planted.Where(mutant => mutant.File == path).ToList();
            var guilty = file.Where(mutant => mutant.Line == line).ToList();
            if (guilty.Count == 0)
            {
                guilty = [.. file.Where(mutant => mutant.Line <= line && line <= mutant.LastLine)];
            }

            if (guilty.Count == 0 && file.LastOrDefault(mutant => mutant.Line < line) is { } before && file.FirstOrDefault(mutant => mutant.Line > line) is { } after)
            {
                guilty = [.. file.Where(mutant => mutant.Member == before.Member || mutant.Member == after.Member)];
            }

            refused.UnionWith(guilty);
        }

        foreach (var mutant in refused)
        {
            tree.Mutants.Refuse(mutant);
        }

        return refused.Count > 0;
    }

    [GeneratedRegex(@"^(/[^(\n]+\.cs)\((\d+),\d+\): error", RegexOptions.Multiline)]
    private static partial Regex Errors();
}
