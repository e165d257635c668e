using System.Text.RegularExpressions;
using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A node stands still while more is said than Redis will keep for it: Redis drops its connection.</summary>
internal sealed partial class F10Overflow() : Scenario("F10", "a node stops reading until Redis drops its subscriptions")
{
    private const int Filling = 50_000;

    private readonly List<TimeSpan?> _caughtUp = [];
    private int _dropped;

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 12, WebSockets = 3, EventStreams = 1, Polls = 1, Clients = 1, Rate = 300 }
        : new WorldOptions { Nodes = 2, Channels = 4, Rate = 100 };

    protected override string[] RedisSettings(ScenarioSettings settings) => ["--client-output-buffer-limit", "pubsub 1mb 0 0"];

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 10 : 1); round++)
        {
            var node = world.Nodes[world.Random.Next(world.Nodes.Count)];
            var before = await DroppedAsync(world);
            world.SetDown(node, down: true);
            node.Pause();
            for (var i = 0; i < 1000 && await DroppedAsync(world) == before; i++)
            {
                // Large ones, until the buffers of two kernels, the proxy and Redis are full.
                await world.Speaker.SayAsync(world.Options.ChannelNames[i % world.Options.Channels], durable: false, cancellationToken, Filling);
            }

            _dropped += await DroppedAsync(world) - before;
            node.Continue();
            world.SetDown(node, down: false);
            var tops = world.Options.ChannelNames.ToDictionary(static name => name, name => world.Journal.Of(name).Attempts.SelectMany(static attempt => attempt.Answers).Max(static at => at.Offset));
            _caughtUp.Add(await F08HalfOpen.WaitAsync(
                () => world.Subscribers.Where(reader => tops.ContainsKey(reader.Terms.Channel) && reader.IsLive).All(reader => reader.Journal.Cursor?.Offset >= tops[reader.Terms.Channel]), 15, cancellationToken));
            verdict.Broke();
            await PauseAsync(world, 1, settings.Full ? 5 : 1.5, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Measure("dropped by Redis", $"{_dropped}");
        verdict.Require(_dropped >= verdict.Faults, $"Redis dropped {_dropped} connections in {verdict.Faults} rounds");
        verdict.Measure("caught up after", $"{_caughtUp.Max()?.TotalSeconds ?? double.NaN:0.0} s");
        verdict.Require(_caughtUp.TrueForAll(static time => time?.TotalSeconds <= 5), "a node did not catch up within 5 s of going on");
        verdict.Require(report.Gaps == 0, $"{report.Gaps} gaps, though all was kept");
    }

    // Only the log of Redis says whom it dropped; its count of subscriptions of clients is as good.
    private static async Task<int> DroppedAsync(FaultWorld world)
    {
        var clients = await world.Redis!.AskAsync("CLIENT", "LIST", "TYPE", "pubsub");
        return world.Nodes.Count - Address().Count(clients);
    }

    [GeneratedRegex(@"\baddr=", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
