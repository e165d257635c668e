using System.Diagnostics;
using System.Globalization;

namespace Tidings.Attacks;

/// <summary>One attack on one server, and what its bystanders say.</summary>
/// <param name="Attack">Which.</param>
/// <param name="Strikes">How often it was done.</param>
/// <param name="Alive">Whether the server lives.</param>
/// <param name="Peak">The most memory that the server held, in bytes.</param>
/// <param name="Witnesses">What the bystanders saw.</param>
/// <param name="Output">What the server said.</param>
internal sealed record AttackRun(Attack Attack, long Strikes, bool Alive, long Peak, IReadOnlyList<Witness> Witnesses, string Output)
{
    /// <summary>The longest that nobody outside the attack may be kept waiting.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private const int MostTurns = 300;

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);

    public bool IsGood => Alive && Witnesses.All(static witness => witness.Good > 0 && witness.Longest <= Bound);

    public static async Task<AttackRun> RunAsync(Attack attack, TimeSpan duration)
    {
        await using var server = await AttackedServer.StartAsync(attack.Settings);
        var bystanders = await Bystanders.StartAsync(server.Target);
        long strikes;
        await using (bystanders)
        {
            strikes = await StrikeAsync(attack, server.Target, duration);

            // On a machine that is busy with other things each has its turn in the end.
            for (var i = 0; i < MostTurns && server.IsAlive && bystanders.Witnesses.Any(static witness => witness.Good == 0); i++)
            {
                await Task.Delay(Turn);
            }
        }

        return new AttackRun(attack, strikes, server.IsAlive, server.Peak, bystanders.Witnesses, server.Output);
    }

    public override string ToString() => string.Join('\n', (IEnumerable<string>)
    [
        $"{(IsGood ? "held" : "FAILED")}  {Attack.Id}: {Attack.What}",
        $"        {Strikes} strikes; the server {(Alive ? "lives" : "is dead")}, at most {Peak / 1024 / 1024} MB",
        .. Witnesses.Select(static witness => $"        {witness}"),
    ]);

    private static async Task<long> StrikeAsync(Attack attack, Target target, TimeSpan duration)
    {
        var program = AttackedServer.PathOf("Tidings.Attacks", "Tidings.Attacks");
        var start = new ProcessStartInfo(
            program, ["strike", attack.Id, target.Port.ToString(CultureInfo.InvariantCulture), duration.TotalSeconds.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return long.Parse(said.Trim(), CultureInfo.InvariantCulture);
    }
}
