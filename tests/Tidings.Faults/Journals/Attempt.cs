using Tidings.Protocol;

namespace Tidings.Faults.Journals;

internal enum Outcome
{
    /// <summary>Not answered: it may have happened.</summary>
    Unknown,
    Accepted,

    /// <summary>Answered by a definite no.</summary>
    Refused,
}

/// <summary>What is published: one value, sent once or, while nobody answers, again with the same key.</summary>
internal sealed record Publish(string Channel, string Name)
{
    public string? Key { get; init; }
    public bool Durable { get; init; }

    /// <summary>Said in passing: in no log.</summary>
    public bool Ephemeral { get; init; }
}

/// <summary>The publisher's record of one value. Belongs to its publisher until the run is over.</summary>
internal sealed class Attempt(Publish publish, int value, long invoked)
{
    private readonly List<StreamPosition> _answers = [];

    public Publish Publish => publish;
    public string Channel => publish.Channel;
    public string Name => publish.Name;
    public string? Key => publish.Key;

    /// <summary>The number that stands for <see cref="Name"/>.</summary>
    public int Value => value;

    /// <summary>When it was first sent.</summary>
    public long Invoked => invoked;

    /// <summary>When it was first answered.</summary>
    public long Done { get; private set; } = long.MaxValue;

    public Outcome Outcome { get; private set; }

    /// <summary>All answers, in the order in which they came: a retry must get the first one again.</summary>
    public IReadOnlyList<StreamPosition> Answers => _answers;

    public void Accepted(StreamPosition? position, long now)
    {
        Done = Outcome == Outcome.Accepted ? Done : now;
        Outcome = Outcome.Accepted;
        if (position is { } at)
        {
            _answers.Add(at);
        }
    }

    public void Refused() => Outcome = Outcome.Refused;
}
