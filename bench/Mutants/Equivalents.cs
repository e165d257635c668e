namespace Tidings.Bench.Mutants;

/// <summary>The mutants that change nothing that anybody could see, each with the reason: the table in <c>equivalent.md</c>.</summary>
internal sealed class Equivalents
{
    private readonly HashSet<string> _keys;

    private Equivalents(HashSet<string> keys) => _keys = keys;

    /// <summary>Reads the table: file, member, before, after, which of those alike, why.</summary>
    public static Equivalents Read(string path)
    {
        var rows = File.ReadLines(path).Where(static line => line.StartsWith('|')).Skip(2).Select(static line => line.Split('|', StringSplitOptions.TrimEntries)).ToList();
        if (rows.FirstOrDefault(static row => row.Length != 8 || row[6].Length == 0) is { } odd)
        {
            throw new InvalidDataException($"{path}: a row needs file, member, before, after, which and why: {string.Join(" | ", odd)}");
        }

        return new([.. rows.Select(static row => string.Join(" | ", row[1..6]).Replace("`", "", StringComparison.Ordinal))]);
    }

    public bool Has(Mutant mutant) => _keys.Contains(mutant.Key.Replace("`", "", StringComparison.Ordinal));
}
