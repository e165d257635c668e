using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Protocol.Commands;
using Tidings.Quotas;

namespace Tidings.Connections;

/// <summary>Somebody who was not let in, or was not allowed something.</summary>
/// <param name="Time">When, in Unix milliseconds.</param>
/// <param name="Reason">Why, in words of this program.</param>
/// <param name="Address">Where from, as far as limits tell addresses apart.</param>
internal readonly record struct Refusal(long Time, string Reason, AddressKey Address);

/// <summary>The last refusals of this node, each with its reason: peers get a fixed text, those who run the server the log and the dashboard. Safe from any thread.</summary>
/// <remarks>No reason holds a token, a key or what a client said, but for names that are checked: of channels, and of origins.</remarks>
internal sealed partial class RecentRefusals(TimeProvider time, ILogger? log = null)
{
    /// <summary>How many are remembered.</summary>
    public const int Capacity = 100;

    // Enough lines to see what goes wrong, and too few to fill a disk: the refused client decides how often.
    private static readonly RateLimit Lines = new(PerSecond: 1, Burst: 50);

    private readonly Lock _gate = new();
    private readonly ILogger _log = log ?? NullLogger.Instance;
    private readonly SharedRate _lines = new(Lines, time);
    private readonly Refusal[] _ring = new Refusal[Capacity];
    private long _count;
    private long _unlogged;

    /// <summary>Whether those who are refused are told why: in the Development environment alone.</summary>
    public bool Explains { get; init; }

    /// <summary>Remembers a refusal and logs it.</summary>
    /// <param name="reason">What the peer is told.</param>
    /// <param name="address">Where the peer is.</param>
    /// <param name="why">What the peer is not told: which part of the request was at fault, and how. Null where the reason says all.</param>
    /// <returns>What the peer may be told besides; null where nothing.</returns>
    public IReadOnlyList<FieldFault>? Add(string reason, AddressKey address, FieldFault? why = null)
    {
        var text = why is null ? reason : $"{reason}: {why.Message}";
        var refusal = new Refusal(time.GetUtcNow().ToUnixTimeMilliseconds(), text, address);
        lock (_gate)
        {
            _ring[_count++ % Capacity] = refusal;
        }

        Log(refusal);
        return Explains && why is not null ? [why] : null;
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

    private void Log(Refusal refusal)
    {
        if (_lines.TryTake() > 0)
        {
            Interlocked.Increment(ref _unlogged);
            return;
        }

        LogRefused(refusal.Address == default ? "somebody" : refusal.Address.ToString(), refusal.Reason);
        if (Interlocked.Exchange(ref _unlogged, 0) is var others and > 0)
        {
            LogUnlogged(others);
        }
    }

    [LoggerMessage(220, LogLevel.Information, "Refused {Address}: {Reason}")]
    private partial void LogRefused(string address, string reason);

    [LoggerMessage(221, LogLevel.Information, "{Count} refusals before this one were not logged: there were too many in a short time")]
    private partial void LogUnlogged(long count);
}
