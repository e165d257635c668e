using TestKit;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Times at which Redis or PostgreSQL was away, and what publishers were told meanwhile.</summary>
internal sealed class StoreOutages
{
    private readonly List<(long From, long To, long Answers)> _all = [];

    /// <summary>Kills Redis, leaves it dead for a while, and starts it with what its disk has.</summary>
    /// <param name="world">Whose Redis.</param>
    /// <param name="full">Whether it takes longer.</param>
    /// <param name="inspect">Looks at what is left, before any node can reach it; null: nobody does.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task MakeAsync(FaultWorld world, bool full, Func<Task>? inspect, CancellationToken cancellationToken)
    {
        world.Redis!.Kill();
        var from = world.Journal.Now();
        await Task.Delay(TimeSpan.FromSeconds(full ? 0.5 + (3 * world.Random.NextDouble()) : 0.3 + (0.7 * world.Random.NextDouble())), cancellationToken);
        var to = world.Journal.Now();
        if (inspect is null)
        {
            await world.Redis.StartAgainAsync();
        }
        else
        {
            await Task.WhenAll(world.Nodes.Select(static node => node.Link!.SeverAsync()));
            await world.Redis.StartAgainAsync();
            await inspect();
            foreach (var node in world.Nodes)
            {
                node.Link!.Listen();
            }
        }

        await ReturnAsync(world, full, from, to, cancellationToken);
    }

    /// <summary>Kills PostgreSQL with all its processes, leaves it dead for a while, and starts it with what its disk has.</summary>
    public async Task OfPostgreSqlAsync(FaultWorld world, bool full, CancellationToken cancellationToken)
    {
        world.PostgreSql!.Kill();
        var from = world.Journal.Now();
        await Task.Delay(TimeSpan.FromSeconds(full ? 0.5 + (2 * world.Random.NextDouble()) : 0.3), cancellationToken);
        var to = world.Journal.Now();
        await Task.Run(world.PostgreSql.Start, cancellationToken);
        await ReturnAsync(world, full, from, to, cancellationToken);
    }

    // Its last answer was before the first of these times, its next one after the second.
    private async Task ReturnAsync(FaultWorld world, bool full, long from, long to, CancellationToken cancellationToken)
    {
        var answers = world.Journal.Now();
        _all.Add((from, to, answers));
        await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(answers) is not null, "something is accepted again", TimeSpan.FromSeconds(30));
        await Task.Delay(TimeSpan.FromSeconds(full ? 4 + (6 * world.Random.NextDouble()) : 0.5 + world.Random.NextDouble()), cancellationToken);
    }

    public void Judge(FaultWorld world, Verdict verdict, TimeSpan longestReturn)
    {
        var accepted = _all.Sum(outage => world.Counts.AcceptedWithin(outage.From, outage.To));
        verdict.Require(accepted == 0, $"{accepted} publishes were accepted while nothing could keep them");
        var slowest = _all.Max(outage => TimeSpan.FromTicks((world.Counts.FirstAcceptedAfter(outage.Answers) ?? long.MaxValue) - outage.Answers));
        verdict.Measure("accepts again after", $"{slowest.TotalSeconds:0.0} s");
        verdict.Require(slowest <= longestReturn, $"the first publish was accepted {slowest.TotalSeconds:0.0} s after the store answered");
        var longest = _all.Max(outage => world.Counts.LongestFailure(outage.From, outage.To));
        verdict.Measure("longest refusal", $"{longest.TotalSeconds:0.0} s");
    }
}
