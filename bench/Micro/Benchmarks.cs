using BenchmarkDotNet.Attributes;

namespace Tidings.Bench.Micro;

/// <summary>Time and allocation of each operation; <c>allocation-budgets.json</c> says what it may allocate, and a test holds it.</summary>
[InProcess, MemoryDiagnoser, HideColumns("Error", "Median")]
public class Benchmarks
{
    private Operation _operation = null!;

    public static IEnumerable<string> Names => Operation.All.Keys;

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _operation = Operation.All[Name]();

    [GlobalCleanup]
    public void CleanUp() => _operation.Dispose();

    [Benchmark]
    public void Run() => _operation.Run();
}
