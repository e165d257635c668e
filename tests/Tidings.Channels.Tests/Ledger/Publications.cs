using Tidings.Protocol;

namespace Tidings.Channels.Tests.Ledger;

internal enum Outcome
{
    /// <summary>Not answered: it may have happened.</summary>
    Unknown,
    Accepted,
    Refused,
}

/// <summary>One attempt to publish, with the order in which it began and was answered.</summary>
internal sealed class Attempt(string channel, string name, string? key, bool ephemeral, long invoked)
{
    public string Channel => channel;
    public string Name => name;
    public string? Key => key;
    public bool Ephemeral => ephemeral;
    public long Invoked => invoked;
    public long Done { get; private set; } = long.MaxValue;
    public Outcome Outcome { get; private set; }
    public StreamPosition? Position { get; private set; }

    public void Accepted(StreamPosition? position, long now)
    {
        Outcome = Outcome.Accepted;
        Position = position;
        Done = now;
    }

    public void Refused() => Outcome = Outcome.Refused;
}
