namespace Tidings.Channels.Tests.Ledger;

/// <summary>What can go wrong with messages.</summary>
internal enum Anomaly
{
    /// <summary>Two payloads for one position.</summary>
    Fork,

    /// <summary>Inside what a subscription covers, neither delivered nor announced.</summary>
    Lost,
    Duplicate,
    Order,

    /// <summary>Said by nobody, or refused.</summary>
    Phantom,

    /// <summary>A byte was changed.</summary>
    Corrupt,

    /// <summary>"Recovered", though something is missing.</summary>
    FalseContinuity,

    /// <summary>"Missing", though all is there.</summary>
    FalseGap,

    /// <summary>Two entries for one idempotency key, or another answer to a retry.</summary>
    Idempotency,

    /// <summary>Accepted, but in no log.</summary>
    Durability,

    /// <summary>Not at the end though all is quiet.</summary>
    Stuck,

    /// <summary>More bytes wait than may.</summary>
    Unbounded,

    /// <summary>Fields that contradict each other.</summary>
    Protocol,
}

internal sealed record Finding(Anomaly Anomaly, string What)
{
    public override string ToString() => $"{Anomaly}: {What}";
}
