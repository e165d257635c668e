using Tidings.Client.Connecting;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Units;

/// <summary>A thousand clients of a server that restarts, second by second on paper.</summary>
public sealed class RestartTests
{
    private const int Clients = 1000;

    /// <summary>Down for so long, and whether clients were told (1001) or cut off (1006).</summary>
    public static TheoryData<double, bool> Restarts => new()
    {
        { 0, true }, { 0.5, true }, { 2, true }, { 4, true }, { 2, false }, { 4, false },
    };

    [Theory]
    [MemberData(nameof(Restarts))]
    public void All_are_back_in_thirty_five_seconds_and_never_a_tenth_in_one(double down, bool told)
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var back = Enumerable.Range(0, Clients).Select(_ => ComesBack(down, told, random)).Order().ToList();
            Assert.True(back[^1] <= 35, $"With seed {seed} the last was back after {back[^1]:0.0} s");
            var peak = back.Max(second => back.Count(other => other >= second && other < second + 1));
            Assert.True(peak < Clients / 10, $"With seed {seed} {peak} came in one second");
        }
    }

    private static double ComesBack(double down, bool told, Random random)
    {
        var plan = new ReconnectPlan(null, canRenew: false, random.NextDouble);
        plan.OnConnected();
        var end = new SessionEnd(told ? DisconnectCode.ShuttingDown : DisconnectCode.Abnormal, Open: TimeSpan.FromHours(1));
        for (var now = 0.0; ; end = new SessionEnd(DisconnectCode.Abnormal, Unreachable: true))
        {
            now += plan.Next(end)!.Value.TotalSeconds;
            if (now >= down)
            {
                return now;
            }
        }
    }
}
