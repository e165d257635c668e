using System.Text.Json;
using Tidings.Bench.Micro;

namespace Tidings.Tests.Allocation;

/// <summary>What one operation of the hot path may allocate, in bytes: <c>bench/allocation-budgets.json</c>.</summary>
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    private const int Rounds = 200;

    private static readonly Dictionary<string, double> Budgets =
        JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "allocation-budgets.json")))!;

    public static TheoryData<string> Operations => [.. Operation.All.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public void An_operation_keeps_to_its_budget(string name)
    {
        var allocated = Measure(name);
        output.WriteLine($"{name}: {allocated:0.#} bytes");
        Assert.True(allocated <= Budgets[name], $"{name} allocates {allocated:0.#} bytes, and may {Budgets[name]}");
    }

    [Fact]
    public void Every_budget_is_one_of_an_operation() => Assert.Equal(Operation.All.Keys.Order(), Budgets.Keys.Order());

    [Fact]
    public void A_delivery_allocates_nothing()
    {
        // What a thousand subscribers add is what none costs.
        Assert.All(
            ["fan out to 1,000", "fan out to 1,000 with an event", "fan out to 1,000 but some"],
            static (string name) => Assert.True(Measure(name) < 1, $"\"{name}\" allocates"));
        Assert.InRange(Measure("publish to 1,000") - Measure("publish"), 0, 1000);
    }

    // The least of several rounds: the runtime allocates now and then for itself, as when a method is compiled anew.
    private static double Measure(string name)
    {
        using var operation = Operation.All[name]();
        var least = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Rounds; i++)
            {
                operation.Run();
            }

            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Rounds);
        }

        return least;
    }
}
