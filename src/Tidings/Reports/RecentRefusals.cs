using Tidings.Connections;

namespace Tidings.Reports;

/// <summary>Somebody who was not let in.</summary>
/// <param name="Time">When, in Unix milliseconds.</param>
/// <param name="Reason">Why, in words of this program.</param>
/// <param name="Address">Where from, as far as limits tell addresses apart.</param>
internal readonly record struct Refusal(long Time, string Reason, AddressKey Address);

/// <summary>The last refusals of this node. Safe from any thread.</summary>
internal sealed class RecentRefusals(TimeProvider time)
{
    /// <summary>How many are remembered.</summary>
    public const int Capacity = 100;

    private readonly Lock _gate = new();
    private readonly Refusal[] _ring = new Refusal[Capacity];
    private long _count;

    public void Add(string reason, AddressKey address)
    {
        var refusal = new Refusal(time.GetUtcNow().ToUnixTimeMilliseconds(), reason, address);
        lock (_gate)
        {
            _ring[_count++ % Capacity] = refusal;
        }
    }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<Refusal> List()
    {
        lock (_gate)
        {
            var kept = (int)Math.Min(_count, Capacity);
            return [.. Enumerable.Range(1, kept).Select(back => _ring[(_count - back) % Capacity])];
        }
    }
}
