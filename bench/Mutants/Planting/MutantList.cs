using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Tidings.Bench.Mutants.Planting;

/// <summary>All mutants of all files, numbered in the order of the sources, and which of them do not compile.</summary>
internal sealed class MutantList
{
    private readonly List<Mutant> _all = [];
    private readonly Dictionary<string, int> _alike = [];
    private readonly HashSet<string> _refused = [];

    public IReadOnlyList<Mutant> All => _all;
    public int Refused => _refused.Count;

    /// <summary>Those that the build has in it.</summary>
    public IEnumerable<Mutant> Planted => _all.Where(mutant => !_refused.Contains(mutant.Key));

    /// <summary>Takes the numbers back, to plant once more without those that were refused.</summary>
    public void Restart()
    {
        _all.Clear();
        _alike.Clear();
    }

    public void Refuse(Mutant mutant) => _refused.Add(mutant.Key);

    public void Add(Mutant mutant) => _all.Add(mutant);

    /// <summary>Numbers a mutant.</summary>
    /// <returns>What asks whether it is the chosen one, or null where it was refused before.</returns>
    public string? Number(PlantedFile file, SyntaxNode node, string after, string? control = null)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        var member = Shapes.MemberOf(node);
        var (before, to) = (Shapes.Short(node.ToString()), Shapes.Short(after));
        var likeness = $"{file.Path} {member} {before} {to} {control}";
        var occurrence = _alike.GetValueOrDefault(likeness);
        _alike[likeness] = occurrence + 1;
        var mutant = new Mutant(_all.Count, file.Area, file.Path, span.StartLinePosition.Line + 1, span.EndLinePosition.Line + 1, member, before, to, occurrence, control);
        _all.Add(mutant);
        return _refused.Contains(mutant.Key) ? null : $"{file.Switch}.Is({mutant.Id.ToString(CultureInfo.InvariantCulture)})";
    }
}

/// <param name="Path">The file's path from the root.</param>
/// <param name="Area">Whose it is.</param>
/// <param name="Switch">The type in its assembly that knows which mutant is chosen.</param>
internal sealed record PlantedFile(string Path, string Area, string Switch);
