using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Faults.Journals;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Properties;

/// <summary>The same guarantees where publishers and lanes really run at the same time. A seed says what is done, not when.</summary>
public sealed class RealThreads
{
    private const int Publishers = 3;
    private const int Messages = 400;
    private const int Acts = 1500;

    private static readonly string[] Channels = ["chat:a", "feed:x", "room:lobby"];

    [Fact]
    public void Whoever_listens_gets_each_message_once_and_in_order_or_is_told() => Seeds.Each(8, random =>
    {
        var ledger = new RunNotes();
        using var rig = new Rig(
            new RigOptions { QueueBytes = 32 * 1024, Kinds = Schedule.Kinds(), Sink = hub => new WitnessSink(ledger, hub) },
            broker => new WitnessBroker(ledger, broker));
        var names = new Names();
        var actors = MakeActors(rig, ledger, names, random);
        var publishers = Enumerable.Range(0, Publishers).Select(i => new Thread(() => Publish(rig, ledger, names, new Random(i)))).ToList();
        publishers.ForEach(thread => thread.Start());
        for (var i = 0; i < Acts; i++)
        {
            var actor = actors[random.Next(actors.Count)];
            actor.Lane.Post(new LaneAction(actor.Act));
            if (i % 16 == 0)
            {
                Thread.Yield();
            }
        }

        publishers.ForEach(thread => thread.Join());
        Settle(rig);
        for (var round = 0; round < 4; round++)
        {
            actors.ForEach(actor => actor.Lane.Post(new LaneAction(actor.Finish)));
            Settle(rig);
            rig.Time.Advance(TimeSpan.FromSeconds(10));
            Settle(rig);
        }

        foreach (var channel in Channels)
        {
            Say(rig, ledger, names.Next(channel), channel, 10);
        }

        Settle(rig);
        ledger.CheckEnd();
        Assert.Empty(rig.Log.Failures);
        Assert.True(ledger.Findings.Count == 0, string.Join("\n", ledger.Findings.Take(10)));
        Assert.True(ledger.Accepted >= Publishers * Messages);
    });

    private static List<Actor> MakeActors(Rig rig, RunNotes ledger, Names names, Random random)
    {
        var lanes = rig.PoolLanes;
        var actors = new List<Actor>();
        for (var i = 0; i < 12; i++)
        {
            var temper = new Temper(Deflate: i % 2 == 1, Slow: i % 3 == 0, Conflates: i % 6 == 4);
            actors.Add(new ConnectClient($"client{i}", rig, lanes[i % lanes.Count], ledger, new Random(random.Next()), temper, Channels, names, static json => [json]));
        }

        actors.Add(new RoomClient("speaker", rig, lanes[0], ledger, new Random(random.Next()), slow: false, "lobby", names));
        return actors;
    }

    private static void Publish(Rig rig, RunNotes ledger, Names names, Random random)
    {
        for (var i = 0; i < Messages; i++)
        {
            var channel = Channels[random.Next(Channels.Length)];
            Say(rig, ledger, names.Next(channel), channel, random.Next(200));
        }
    }

    private static void Say(Rig rig, RunNotes ledger, string name, string channel, int filling)
    {
        var attempt = ledger.Begin(channel, name);
        var publishing = rig.Broker.PublishAsync(new Publication(channel, new MessageData(DataKind.Json, Encoding.UTF8.GetBytes(Payload.Make(name, filling))))
        {
            Retention = rig.Kinds.Find(channel).Retention,
        });
        ledger.Accept(attempt, publishing.AsTask().GetAwaiter().GetResult());
    }

    // What one turn sets off is done by a later one; no chain is as long as this.
    private static void Settle(Rig rig)
    {
        for (var round = 0; round < 50; round++)
        {
            foreach (var lane in rig.PoolLanes)
            {
                using var done = new ManualResetEventSlim();
                lane.Post(new LaneAction(done.Set));
                Assert.True(done.Wait(Eventually.Limit));
            }
        }
    }
}
