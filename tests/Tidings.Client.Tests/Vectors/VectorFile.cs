using System.Text.Json;

namespace Tidings.Client.Tests.Vectors;

/// <summary>The wire samples that the tests of every client read (spec/vectors).</summary>
internal static class VectorFile
{
    public static JsonElement Read(string name) =>
        JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", name)));

    public static IEnumerable<TheoryDataRow<string>> Names(string file) =>
        Read(file).EnumerateArray().Select(entry => new TheoryDataRow<string>(entry.GetProperty("name").GetString()!));

    public static JsonElement Named(string file, string name) =>
        Read(file).EnumerateArray().Single(entry => entry.GetProperty("name").GetString() == name);
}
