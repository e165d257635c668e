using System.Globalization;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;

namespace Tidings.Faults.Tests.SelfTest;

/// <summary>A whole run in a second and without a server: what a right one would have had noted, but for one planted defect.</summary>
internal sealed class SimulatedRun
{
    private const int Steps = 250_000;
    private const string Outcast = "outcast";

    private readonly Random _random;
    private readonly Plant _plant;
    private readonly List<SimulatedLog> _logs = [];
    private readonly List<SimulatedPublisher> _publishers = [];
    private readonly List<SimulatedReader> _readers = [];
    private readonly bool _restarts;
    private long _time;

    /// <param name="seed">What happens.</param>
    /// <param name="defect">What goes wrong.</param>
    /// <param name="restarts">Whether the store is restarted, and loses its tail, so that epochs change.</param>
    public SimulatedRun(int seed, PlantedDefect defect, bool restarts)
    {
        _random = new Random(seed);
        _plant = new Plant(defect, _random);
        _restarts = restarts;
        Journal = new RunJournal(() => ++_time);
        for (var i = 0; i < 4; i++)
        {
            _logs.Add(new SimulatedLog($"chat:{i}", _plant));
        }

        for (var i = 0; i < 8; i++)
        {
            _publishers.Add(new SimulatedPublisher($"p{i}", Journal, _logs, durable: !restarts, _random));
        }

        for (var i = 0; i < 48; i++)
        {
            var log = _logs[i % _logs.Count];
            var terms = new SubscriptionTerms(string.Create(CultureInfo.InvariantCulture, $"reader{i}"), log.Channel)
            {
                Forbidden = i >= 46,
                User = i is >= 40 and < 44 ? Outcast : null,
            };
            _readers.Add(new SimulatedReader(terms, Journal, log, _plant, _random));
        }
    }

    public RunJournal Journal { get; }

    /// <summary>Whether the defect had its occasion.</summary>
    public bool Happened => _plant.Happened;

    public LedgerReport Run()
    {
        for (var step = 0; step < Steps; step++)
        {
            Step(step);
        }

        while (_publishers.Exists(static publisher => !publisher.IsIdle))
        {
            _publishers.ForEach(static publisher => publisher.Step(mayBegin: false));
        }

        _readers.ForEach(static reader => reader.Finish());
        foreach (var log in _logs)
        {
            Journal.Of(log.Channel).Final = log.Read(Journal);
        }

        NotePresence();
        return Ledger.Check(Journal, new Expectations { EpochMayChange = _restarts, RevocationLimit = 1000 });
    }

    private void Step(int step)
    {
        if (_random.Next(8) == 0)
        {
            _publishers[_random.Next(_publishers.Count)].Step(mayBegin: true);
        }

        _readers[_random.Next(_readers.Count)].Step();
        if (_restarts && step % 40_000 == 39_999)
        {
            _logs[_random.Next(_logs.Count)].Restart();
        }

        if (step == Steps / 2)
        {
            Revoke();
        }
    }

    private void Revoke()
    {
        Journal.Revoke(Outcast);
        foreach (var reader in _readers.Where(static reader => reader.Terms.User == Outcast))
        {
            reader.IsRevoked = true;
            reader.Disconnect();
        }

        // Long after.
        _time += 10_000;
    }

    private void NotePresence()
    {
        foreach (var node in new[] { "node1", "node2" })
        {
            foreach (var log in _logs)
            {
                var real = _readers.Where(reader => reader.Terms.Channel == log.Channel && !reader.IsRevoked && !reader.Terms.Forbidden).Select(static reader => reader.Terms.Owner).ToList();
                var told = node == "node2" && _plant.Strikes(PlantedDefect.GhostPresence) ? real.Append("ghost") : real;
                Journal.SawPresence(node, log.Channel, told, real);
            }
        }
    }
}
