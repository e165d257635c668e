using System.Collections.Concurrent;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>A run's journal, what the broker really delivered, and what witnesses found by themselves. Safe from any thread.</summary>
internal sealed class RunNotes
{
    private readonly ConcurrentDictionary<string, ChannelNotes> _channels = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Finding> _findings = [];
    private long _clock;

    public RunNotes() => Journal = new RunJournal(() => Interlocked.Increment(ref _clock));

    public RunJournal Journal { get; }

    public IReadOnlyCollection<Finding> Findings => _findings;

    /// <summary>Answers to publishes.</summary>
    public int Accepted => Journal.Accepted;

    public ChannelNotes Of(string channel) => _channels.GetOrAdd(channel, name => new ChannelNotes(Journal.Of(name), this));

    public void Report(Anomaly anomaly, string what, string channel = "") => _findings.Enqueue(new Finding(anomaly, channel, "a witness", what));

    // All that is accepted stays in the log that the witness sees, whatever becomes of the broker's.
    public Attempt Begin(string channel, string name, string? key = null, bool ephemeral = false) =>
        Journal.Begin(new Publish(channel, name) { Key = key, Ephemeral = ephemeral, Durable = !ephemeral });

    public void Accept(Attempt attempt, StreamPosition? position) => Journal.Accept(attempt, position);

    /// <summary>All is quiet: judges the run.</summary>
    public void CheckEnd()
    {
        foreach (var channel in _channels.Values)
        {
            channel.Close();
        }

        var expectations = new Expectations { EpochMayChange = true, MayTrim = true, AreClose = (channel, positions) => Of(channel).AreClose(positions) };
        foreach (var finding in Ledger.Check(Journal, expectations).Findings)
        {
            _findings.Enqueue(finding);
        }
    }
}
