using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Redis, which writes to its disk once a second, is killed while others press the disk: it comes back without its newest entries.</summary>
internal sealed class F04TailLoss() : Scenario("F4", "Redis with appendfsync everysec is killed under disk pressure")
{
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(5);

    private readonly StoreOutages _outages = new();
    private int _lost;

    protected override Expectations Expect { get; } = new() { EpochMayChange = true };

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Redis = RedisPersistence.EverySecond, Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 500, Publishers = 64, DurablePart = 0.01 }
        : new WorldOptions { Redis = RedisPersistence.EverySecond, Nodes = 2, DurablePart = 0.02 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        await using var pressure = new DiskPressure(3);
        var store = new StoreWitness(world.Redis!, world.Prefix, world.Journal);
        for (var kill = 0; kill < (settings.Full ? 40 : 3) || (settings.Full && _lost == 0 && kill < 80); kill++)
        {
            await _outages.MakeAsync(world, settings.Full, () => CountLossAsync(world), cancellationToken);
            verdict.Broke();
        }

        async Task CountLossAsync(FaultWorld world)
        {
            foreach (var channel in world.Options.ChannelNames)
            {
                var top = await store.TopAsync(channel);
                _lost += world.Journal.Of(channel).AcceptedBehind(top);
            }
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        _outages.Judge(world, verdict, LongestReturn);
        var epochs = world.Journal.Channels.Max(static channel => channel.Attempts.SelectMany(static attempt => attempt.Answers).Select(static at => at.Epoch).Distinct().Count());
        verdict.Measure("accepted, and lost with the tail of the log", $"{_lost}");
        verdict.Measure("epochs", $"{epochs}");
        var durable = world.Journal.Channels.SelectMany(static channel => channel.Attempts).Count(static attempt => attempt is { Publish.Durable: true, Outcome: Outcome.Accepted });
        verdict.Require(durable == 0, $"{durable} publishes were accepted as durable, which they cannot be");
        verdict.Require(world.Counts.Refused > 0, "no durable publish was refused");
    }
}
