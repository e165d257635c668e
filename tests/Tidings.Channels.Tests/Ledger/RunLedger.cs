using System.Collections.Concurrent;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.Ledger;

/// <summary>All that anybody saw in one run. Safe from any thread.</summary>
internal sealed class RunLedger
{
    private readonly ConcurrentDictionary<string, ChannelLedger> _channels = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Finding> _findings = [];
    private readonly ConcurrentQueue<(Attempt Attempt, StreamPosition Position)> _answers = [];
    private long _clock;
    private int _accepted;

    public IReadOnlyCollection<Finding> Findings => _findings;

    public IEnumerable<ChannelLedger> Channels => _channels.Values;

    /// <summary>Answers to publishes.</summary>
    public int Accepted => _accepted;

    public ChannelLedger Of(string channel) => _channels.GetOrAdd(channel, name => new ChannelLedger(name, _findings.Enqueue));

    public void Report(Anomaly anomaly, string what) => _findings.Enqueue(new Finding(anomaly, what));

    public Attempt Begin(string channel, string name, string? key = null, bool ephemeral = false)
    {
        var attempt = new Attempt(channel, name, key, ephemeral, Interlocked.Increment(ref _clock));
        Of(channel).Began(attempt);
        return attempt;
    }

    public void Accept(Attempt attempt, StreamPosition? position)
    {
        Interlocked.Increment(ref _accepted);
        attempt.Accepted(position, Interlocked.Increment(ref _clock));
        if (position is not { } at)
        {
            return;
        }

        Of(attempt.Channel).Saw(at, attempt.Name, "a publisher");
        if (attempt.Key is not null)
        {
            _answers.Enqueue((attempt, at));
        }
    }

    public void CheckEnd()
    {
        foreach (var channel in _channels.Values)
        {
            channel.CheckEnd();
        }

        foreach (var answers in _answers.GroupBy(static answer => (answer.Attempt.Channel, answer.Attempt.Key, answer.Position.Epoch)))
        {
            var positions = answers.Select(static answer => answer.Position).Distinct().ToList();
            if (Of(answers.Key.Channel).AreClose(positions))
            {
                Report(Anomaly.Idempotency, $"key {answers.Key.Key} in {answers.Key.Channel} was answered {string.Join(" and ", positions)}");
            }
        }
    }
}
