namespace Tidings.Faults.Scenarios;

/// <summary>All there is.</summary>
internal static class ScenarioTable
{
    public static IReadOnlyList<Scenario> All { get; } = [new F01Alone()];

    public static Scenario Find(string id) => All.First(scenario => scenario.Id == id);
}
