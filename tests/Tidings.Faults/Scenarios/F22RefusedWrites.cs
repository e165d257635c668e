using TestKit;
using Tidings.Faults.Readers;
using Tidings.Faults.Journals;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Redis takes no writes for a while: its memory is full, or too few replicas follow.</summary>
internal sealed class F22RefusedWrites() : Scenario("F22", "Redis refuses writes")
{
    protected override WorldOptions Options(ScenarioSettings settings) =>
        new() { Nodes = settings.Full ? 3 : 2, Channels = settings.Full ? 24 : 8, Rate = settings.Full ? 300 : 100, DurablePart = 0.5 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var newcomers = 0;
        for (var round = 0; round < (settings.Full ? 5 : 1); round++)
        {
            await RefuseAsync("maxmemory", "1");
            await RefuseAsync("min-replicas-to-write", "3");
        }

        async Task RefuseAsync(string setting, string value)
        {
            await world.Redis!.SendAsync("CONFIG", "SET", setting, value);
            await Task.Delay(500, cancellationToken);
            var from = world.Journal.Now();
            var channel = world.Options.ChannelNames[world.Random.Next(world.Options.Channels)];
            var newcomer = new WebSocketReader(world.ReaderContext, new SubscriptionTerms($"new{newcomers++}", channel), new Random(world.Options.Seed + 3000 + newcomers));
            world.Add(newcomer);
            var joined = await F08HalfOpen.WaitAsync(() => newcomer.IsLive, 10, cancellationToken);
            verdict.Require(joined is not null, $"with {setting} {value} nobody could subscribe");
            await PauseAsync(world, 1, settings.Full ? 20 : 12, cancellationToken);
            verdict.Require(world.Subscribers.All(static reader => reader.IsLive), $"with {setting} {value} readers were cut off");
            var to = world.Journal.Now();
            verdict.Require(world.Counts.AcceptedWithin(from, to) == 0, $"{world.Counts.AcceptedWithin(from, to)} publishes were accepted with {setting} {value}");
            await world.Redis.SendAsync("CONFIG", "SET", setting, "0");
            verdict.Broke();
            await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(to) is not null, "something is accepted again", TimeSpan.FromSeconds(10));
            await PauseAsync(world, 1, 2, cancellationToken);
        }
    }
}
