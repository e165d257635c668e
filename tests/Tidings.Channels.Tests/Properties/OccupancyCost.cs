using System.Diagnostics;
using Tidings.Channels.Tests.World;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Properties;

/// <summary>What telling how many subscribe costs, with many channels of which few are watched.</summary>
public sealed class OccupancyCost(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public void Of_a_hundred_thousand_channels_a_hundred_are_watched()
    {
        const int Channels = 100_000;
        const int Watched = 100;
        const int Seconds = 1000;
        using var rig = new Rig(new RigOptions());
        using var lane = new SteppedLane(rig.Time, rig.Log);
        for (var i = 0; i < Channels; i++)
        {
            rig.Hub.Listen(new Deaf(), $"chat:{i}");
        }

        var watchers = Enumerable.Range(0, Watched).Select(i => new Peer(rig, lane).Send($$"""{"type":"subscribe","channel":"chat:{{i}}","occupancy":true}""")).ToList();
        watchers.ForEach(static watcher => watcher.ReceiveAll());
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < Seconds; i++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            watchers[0].Run();
        }

        var spent = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        output.WriteLine($"{100 * spent / Seconds:0.000} % of a core");
        Assert.Empty(rig.Log.Failures);
    }

    private sealed class Deaf : IMessageListener
    {
        public void Offer(Message message)
        {
        }
    }
}
