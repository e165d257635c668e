using Tidings.Attacks;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Each attack for a second on a server with 120 MB: it lives, and serves those inside and a second address. <c>./benchmark --attack</c> goes on for a minute, and
/// measures how long anybody was kept waiting.</summary>
public sealed class AttackTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    public static TheoryData<string> All => [.. AttackTable.All.Select(static attack => attack.Id)];

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_server_lives_and_serves_all_others(string attack)
    {
        var run = await AttackRun.RunAsync(AttackTable.Find(attack)!, Duration);
        output.WriteLine(run.ToString());
        Assert.True(run.Alive, run.Output);
        Assert.True(run.Strikes > 0, run.ToString());
        Assert.All(run.Witnesses, witness => Assert.True(witness.Good > 0, run.ToString()));
    }
}
