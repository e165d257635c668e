namespace Tidings.Faults.Scenarios;

/// <summary>All there is. A scenario is for one run.</summary>
internal static class ScenarioTable
{
    private static readonly IReadOnlyList<Func<Scenario>> Makers =
    [
        static () => new F01NodeKills(),
        static () => new F01Alone(),
        static () => new F03RedisKills(),
        static () => new F04TailLoss(),
        static () => new F05Wipe(),
        static () => new F07SplitBrain(),
        static () => new F08HalfOpen(),
        static () => new F09DeafLink(),
        static () => new F10Overflow(),
        static () => new F12Storm(),
        static () => new F15RollingUpgrade(),
        static () => new F16ClockJumps(),
        static () => new F16Alone(),
        static () => new F19DataKills(),
        static () => new F20CopiedEvidence(),
        static () => new F21Cluster(),
        static () => new F22RefusedWrites(),
        static () => new F23PostgreSqlKills(),
        static () => new F23Failover("F23s", "the synchronous replica of PostgreSQL as the engine is promoted", isSynchronous: true),
        static () => new F23Failover("F23a", "an asynchronous replica of PostgreSQL as the engine is promoted", isSynchronous: false),
        static () => new F25BackEndEvents("F25", "nodes, Redis and the receiver of events are killed, in turn and together", data: false),
        static () => new F25BackEndEvents("F25d", "a single node with --data and the receiver of events are killed", data: true),
        static () => new MixedFaults(),
    ];

    public static IReadOnlyList<string> Ids { get; } = [.. Makers.Select(static make => make().Id)];

    /// <returns>Null where there is none of that name.</returns>
    public static Scenario? Make(string id) => Makers.Select(static make => make()).FirstOrDefault(scenario => scenario.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
}
