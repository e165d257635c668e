using Tidings.Faults.Scenarios;

namespace Tidings.Faults.Tests.Scenarios;

/// <summary>The faults of <c>docs/reliability.md</c> in their short form: real processes, killed, stopped and cut off while messages flow.</summary>
public sealed class ScenarioTests(ITestOutputHelper output)
{
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("TIDINGS_SEED"), out var seed) ? seed : 1;

    // Their roads have tests of their own in Tidings.Redis.Tests and Tidings.PostgreSql.Tests; of the events one engine is enough here. ./benchmark --faults has them all.
    private static readonly string[] Elsewhere = ["F20", "F21", "F22", "F23s", "F23a", "F25"];

    public static TheoryData<string> Ids =>
        [.. ScenarioTable.Ids.Where(static id => Environment.GetEnvironmentVariable("TIDINGS_FAULTS") is { } only ? only.Split(',').Contains(id) : !Elsewhere.Contains(id))];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Nothing_is_lost_forked_doubled_or_reordered(string id)
    {
        var result = await ScenarioTable.Make(id)!.RunAsync(new ScenarioSettings(Full: false, Seed, output.WriteLine), TestContext.Current.CancellationToken);
        Assert.True(result.Passed, $"With TIDINGS_SEED={Seed}: {result}");
    }
}
