using TestKit;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Times at which Redis was away, and what publishers were told meanwhile.</summary>
internal sealed class RedisOutages
{
    private readonly List<(long From, long To, long Answers)> _all = [];

    /// <summary>Kills Redis, leaves it dead for a while, and starts it with what its disk has.</summary>
    public async Task MakeAsync(FaultWorld world, bool full, CancellationToken cancellationToken)
    {
        world.Redis!.Kill();
        var from = world.Journal.Now();
        await Task.Delay(TimeSpan.FromSeconds(full ? 0.5 + (3 * world.Random.NextDouble()) : 0.3 + (0.7 * world.Random.NextDouble())), cancellationToken);
        var to = world.Journal.Now();
        await world.Redis.StartAgainAsync();
        var answers = world.Journal.Now();
        _all.Add((from, to, answers));
        await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(answers) is not null, "something is accepted again", TimeSpan.FromSeconds(30));
        await Task.Delay(TimeSpan.FromSeconds(full ? 4 + (6 * world.Random.NextDouble()) : 0.5 + world.Random.NextDouble()), cancellationToken);
    }

    public void Judge(FaultWorld world, Verdict verdict, TimeSpan longestReturn)
    {
        var accepted = _all.Sum(outage => world.Counts.AcceptedWithin(outage.From, outage.To));
        verdict.Require(accepted == 0, $"{accepted} publishes were accepted while Redis was dead");
        var slowest = _all.Max(outage => TimeSpan.FromTicks((world.Counts.FirstAcceptedAfter(outage.Answers) ?? long.MaxValue) - outage.Answers));
        verdict.Measure("accepts again after", $"{slowest.TotalSeconds:0.0} s");
        verdict.Require(slowest <= longestReturn, $"the first publish was accepted {slowest.TotalSeconds:0.0} s after Redis answered");
        var longest = _all.Max(outage => world.Counts.LongestFailure(outage.From, outage.To));
        verdict.Measure("longest refusal", $"{longest.TotalSeconds:0.0} s");
    }
}
