namespace Tidings.Faults.Checking;

/// <summary>What can go wrong with messages. The numbers are those of <c>docs/reliability.md</c>.</summary>
internal enum Anomaly
{
    /// <summary>A1: two values for one position.</summary>
    Fork = 1,

    /// <summary>A2: inside of what a subscription covers, neither delivered nor announced.</summary>
    Lost,

    /// <summary>A3: delivered, announced or entered twice.</summary>
    Duplicate,

    /// <summary>A4: out of the order of the log, or a log that contradicts the order in which things were said.</summary>
    Order,

    /// <summary>A5: said by nobody, or refused.</summary>
    Phantom,

    /// <summary>A6: a byte was changed.</summary>
    Corrupt,

    /// <summary>A7: "recovered", though something is missing.</summary>
    FalseContinuity,

    /// <summary>A7: "missing", though all is there.</summary>
    FalseGap,

    /// <summary>A8: two entries for one idempotency key, or another answer to a retry.</summary>
    Idempotency,

    /// <summary>A9: told to somebody who must not know.</summary>
    Leak,

    /// <summary>A10: accepted, and not in the log.</summary>
    Durability,

    /// <summary>A11: not at the end though all is quiet.</summary>
    Stuck,

    /// <summary>A12: somebody who is not there, or somebody missing.</summary>
    Presence,

    /// <summary>Fields that contradict each other.</summary>
    Protocol,

    /// <summary>More bytes wait than may.</summary>
    Unbounded,
}

/// <param name="Anomaly">What kind of thing.</param>
/// <param name="Channel">Where.</param>
/// <param name="Who">Who saw it.</param>
/// <param name="What">What exactly.</param>
/// <param name="Count">How many messages it concerns.</param>
internal sealed record Finding(Anomaly Anomaly, string Channel, string Who, string What, long Count = 1)
{
    public override string ToString() => $"{Anomaly} in {Channel}, {Who}: {What}";
}
