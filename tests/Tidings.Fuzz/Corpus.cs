using System.Text;

namespace Tidings.Fuzz;

/// <summary>
/// The checked-in inputs that fuzzing begins with: <c>corpus/{target}.hex</c> with an input in hexadecimal on each line (spaces are
/// free, <c>#</c> begins a comment), and <c>corpus/{target}.txt</c> with an input as UTF-8 on each line. A bug that was found adds its line.
/// </summary>
internal static class Corpus
{
    public static IReadOnlyList<byte[]> Load(FuzzTarget target)
    {
        var files = Path.Combine(AppContext.BaseDirectory, "corpus", target.Name);
        var inputs = new List<byte[]>();
        if (File.Exists(files + ".hex"))
        {
            inputs.AddRange(File.ReadLines(files + ".hex").Select(line => line.Split('#')[0].Replace(" ", "")).Where(hex => hex != "").Select(Convert.FromHexString));
        }

        if (File.Exists(files + ".txt"))
        {
            inputs.AddRange(File.ReadLines(files + ".txt").Select(Encoding.UTF8.GetBytes));
        }

        return inputs.Count > 0 ? inputs : throw new FileNotFoundException($"No corpus for {target.Name}.", files + ".hex");
    }
}
