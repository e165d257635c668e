namespace Tidings.Samples.Tests;

/// <summary>What docs/guides/tasks.md shows stands in samples that are run.</summary>
public sealed class TaskGuideTests
{
    [Fact]
    public void Each_line_of_code_is_one_of_a_sample()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "samples");
        var lines = new[] { "tasks.cs", "worker.cs", "worker.py" }
            .SelectMany(name => File.ReadLines(Path.Combine(folder, name))).Select(static line => line.Trim()).ToHashSet(StringComparer.Ordinal);
        var shown = 0;
        var inCode = false;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "tasks.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inCode = line is "```csharp" or "```python";
            }
            else if (inCode && line.Length > 0)
            {
                Assert.Contains(line.Trim(), lines);
                shown++;
            }
        }

        Assert.InRange(shown, 30, 100);
    }
}
