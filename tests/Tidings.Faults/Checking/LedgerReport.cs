namespace Tidings.Faults.Checking;

/// <summary>What the ledger found, and how much it looked at.</summary>
internal sealed class LedgerReport
{
    private const int MostFindings = 10_000;

    private readonly List<Finding> _findings = [];
    private readonly Dictionary<Anomaly, long> _counts = [];

    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Values that were accepted.</summary>
    public long Accepted { get; set; }

    /// <summary>Messages that came, at all subscriptions together.</summary>
    public long Delivered { get; set; }

    /// <summary>Gaps that were announced, by a <c>gap</c> or by <c>recovered:false</c>.</summary>
    public long Gaps { get; set; }

    /// <summary>How often a subscription came back and asked for what it had missed.</summary>
    public long Returns { get; set; }

    /// <summary>How often all of it followed.</summary>
    public long Recoveries { get; set; }

    public bool IsClean => _counts.Count == 0;

    public void Add(Finding finding)
    {
        _counts[finding.Anomaly] = Count(finding.Anomaly) + finding.Count;
        if (_findings.Count < MostFindings)
        {
            _findings.Add(finding);
        }
    }

    /// <summary>How many messages the findings of a kind concern.</summary>
    public long Count(Anomaly anomaly) => _counts.GetValueOrDefault(anomaly);

    public bool Has(Anomaly anomaly) => _counts.ContainsKey(anomaly);

    public override string ToString() => IsClean
        ? $"{Delivered} deliveries of {Accepted} messages, {Gaps} gaps, {Recoveries} of {Returns} recoveries: nothing wrong"
        : string.Join(", ", _counts.OrderBy(static count => count.Key).Select(static count => $"{count.Key} {count.Value}"))
            + "\n" + string.Join("\n", _findings.Take(20));
}
