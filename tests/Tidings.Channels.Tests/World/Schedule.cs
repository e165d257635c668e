using Tidings.Brokers;
using Tidings.Channels.Tests.Defects;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Sessions;

namespace Tidings.Channels.Tests.World;

/// <summary>A random run on manual time and two lanes that are stepped: the same seed does the same.</summary>
internal sealed class Schedule : IDisposable
{
    private const int LargestMessage = 8 * 1024;

    private static readonly string[] Channels = ["chat:a", "chat:b", "feed:x", "bare:y", "room:lobby"];

    private readonly Random _random;
    private readonly RunNotes _ledger = new();
    private readonly Names _names = new();
    private readonly Rig _rig;
    private readonly SteppedLane[] _lanes;
    private readonly List<Actor> _actors = [];
    private WitnessSink _sink = null!;
    private WitnessBroker _broker = null!;

    public Schedule(Random random, Defect? defect = null)
    {
        _random = random;
        _rig = new Rig(new RigOptions
        {
            QueueBytes = random.Next(3) switch { 0 => 2 * 1024, 1 => 8 * 1024, _ => 64 * 1024 },
            Kinds = Kinds(),
            Sink = hub => _sink = new WitnessSink(_ledger, defect?.Sink(hub) ?? hub),
            Broker = memory => defect?.Broker(memory) ?? memory,
        }, inner => _broker = new WitnessBroker(_ledger, inner));
        _broker.Watch(_rig.Kinds, _rig.Time);
        _broker.Delays = () => _random.Next(6) switch { 0 => -1, 1 => 1, _ => 0 };
        _lanes = [new SteppedLane(_rig.Time, _rig.Log), new SteppedLane(_rig.Time, _rig.Log)];
        Populate(defect);
    }

    public IReadOnlyCollection<Finding> Findings => _ledger.Findings;

    public int Accepted => _ledger.Accepted;

    /// <summary>Kinds with a short log, with slow readers that skip, and without any log.</summary>
    public static IReadOnlyList<ChannelKind> Kinds() =>
    [
        Kind("chat:*", 12),
        Kind("feed:*", 40) with { SlowConsumers = SlowConsumerPolicy.Skip },
        Kind("bare:*", 0),
        Kind("room:*", 20),
    ];

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            CheckBounds();
        }

        Finish();
        _ledger.CheckEnd();
        foreach (var failure in _rig.Log.Failures)
        {
            _ledger.Report(Anomaly.Protocol, failure);
        }
    }

    public void Dispose()
    {
        _rig.Dispose();
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private static ChannelKind Kind(string pattern, int history) => new(new ChannelPattern(pattern))
    {
        Publish = ChannelAccess.Anyone,
        Retention = new Retention(history, TimeSpan.FromMinutes(10)),
    };

    private void Populate(Defect? defect)
    {
        Func<string, IEnumerable<string>> filter = defect is null ? static json => [json] : defect.Filter;
        for (var i = 0; i < 6; i++)
        {
            var temper = new Temper(Deflate: i % 2 == 1, Slow: i % 3 == 0, Conflates: i == 4);
            var channels = Channels.Where(_ => _random.Next(3) > 0).DefaultIfEmpty("chat:a").ToArray();
            _actors.Add(new ConnectClient($"client{i}", _rig, _lanes[i % 2], _ledger, _random, temper, channels, _names, filter));
        }

        for (var i = 0; i < 2; i++)
        {
            _actors.Add(new RoomClient($"speaker{i}", _rig, _lanes[i % 2], _ledger, _random, slow: i == 0, "lobby", _names));
        }
    }

    private void Step()
    {
        switch (_random.Next(100))
        {
            case < 30:
                Publish(Channels[_random.Next(Channels.Length)]);
                break;
            case < 60:
                var actor = _actors[_random.Next(_actors.Count)];
                actor.Lane.Post(new LaneAction(actor.Act));
                break;
            case < 88:
                _lanes[_random.Next(_lanes.Length)].RunTurn();
                break;
            case < 94:
                if (_broker.Pending > 0)
                {
                    _broker.Release(_random.Next(_broker.Pending));
                }

                break;
            case < 98:
                _rig.Time.Advance(TimeSpan.FromMilliseconds(_random.Next(2000)));
                break;
            default:
                PassTime();
                break;
        }
    }

    // Minutes make entries old; half an hour has logs dropped that nobody uses, and now and then those that are used.
    private void PassTime()
    {
        _sink.HidesSubscribers = _random.Next(2) == 0;
        _rig.Time.Advance(_random.Next(3) == 0 ? TimeSpan.FromMinutes(30) : TimeSpan.FromMinutes(_random.Next(1, 8)));
        _sink.HidesSubscribers = false;
    }

    private void Publish(string channel)
    {
        var said = _names.Next(channel);
        var attempt = _ledger.Begin(channel, said);
        var filling = _random.Next(20) == 0 ? _random.Next(LargestMessage - 200) : _random.Next(200);
        var publishing = _broker.PublishAsync(new Publication(channel, new MessageData(DataKind.Json, System.Text.Encoding.UTF8.GetBytes(Payload.Make(said, filling))))
        {
            Key = Names.ConflationKey(_random),
            Retention = _rig.Kinds.Find(channel).Retention,
        });
        _ledger.Accept(attempt, publishing.AsTask().GetAwaiter().GetResult());
    }

    private void CheckBounds()
    {
        foreach (var actor in _actors)
        {
            if (actor.Connection is { } connection && connection.QueuedBytes > _rig.Settings.QueueBytes + (2 * LargestMessage))
            {
                _ledger.Report(Anomaly.Unbounded, $"{connection.QueuedBytes} bytes wait for {actor.Name}");
            }

            if (actor.Connection?.Tag is ChannelSession session && session.All.Any(membership => membership.Subscription.HeldBytes > _rig.Settings.QueueBytes + LargestMessage))
            {
                _ledger.Report(Anomaly.Unbounded, $"too much is held for {actor.Name}");
            }
        }
    }

    private void Finish()
    {
        for (var round = 0; round < 4; round++)
        {
            foreach (var actor in _actors)
            {
                actor.Lane.Post(new LaneAction(actor.Finish));
            }

            Settle();
            _rig.Time.Advance(TimeSpan.FromSeconds(10));
            Settle();
        }

        foreach (var channel in Channels)
        {
            Publish(channel);
            Settle();
        }
    }

    private void Settle()
    {
        do
        {
            while (_broker.Pending > 0)
            {
                _broker.Release(0);
            }

            foreach (var lane in _lanes)
            {
                while (lane.IsAwake)
                {
                    lane.RunTurn();
                }
            }
        }
        while (_broker.Pending > 0 || _lanes.Any(static lane => lane.IsAwake));
    }
}
