using Tidings.Protocol;

namespace Tidings.Channels.Tests.Ledger;

/// <summary>What one subscription was promised.</summary>
/// <param name="Owner">For messages: who.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Since">The position that was asked for, or null.</param>
/// <param name="Conflates">Whether it asked for the newest of each key alone.</param>
/// <param name="MaySkip">Whether its channel's policy lets a slow reader miss messages.</param>
internal sealed record SubscriptionTerms(string Owner, string Channel, StreamPosition? Since, bool Conflates, bool MaySkip);

/// <summary>What one subscription saw, checked as it comes: each offset once, in order, and every hole announced before the next message.</summary>
internal sealed class SubscriptionJournal(SubscriptionTerms terms, ChannelLedger ledger)
{
    private StreamPosition? _cursor;
    private bool _afterGap;
    private readonly Dictionary<string, long> _newest = [];

    public SubscriptionTerms Terms => terms;

    /// <summary>Where it stands; null until it is answered.</summary>
    public StreamPosition? Cursor => _cursor;

    /// <summary>The newest offset that came for each key.</summary>
    public IReadOnlyDictionary<string, long> Newest => _newest;

    /// <summary>Where it began or was last told to begin anew.</summary>
    public StreamPosition Start { get; private set; }

    public bool Ended { get; private set; }

    public void Subscribed(StreamPosition position, bool? recovered)
    {
        if (_cursor is not null)
        {
            Report(Anomaly.Duplicate, "answered twice");
        }

        if (terms.Since is null != recovered is null)
        {
            Report(Anomaly.Protocol, "`recovered` stands where `since` was given, and nowhere else");
        }

        if (recovered == true && position != terms.Since)
        {
            Report(Anomaly.FalseContinuity, $"recovered from {terms.Since}, but begins at {position}");
        }

        _cursor = Start = position;
    }

    public void Message(long offset, string? name, string? key)
    {
        if (_cursor is not { } cursor || Ended)
        {
            Report(Anomaly.Phantom, $"message {offset} outside of the subscription");
            return;
        }

        if (offset == 0)
        {
            ledger.SawEphemeral(name, terms.Owner);
            return;
        }

        if (offset <= cursor.Offset)
        {
            var again = ledger.IsSame(cursor with { Offset = offset }, name);
            Report(again ? Anomaly.Duplicate : Anomaly.Order, $"message {offset} after {cursor.Offset}");
        }
        else if (offset > cursor.Offset + 1 && !terms.Conflates)
        {
            Report(Anomaly.Lost, $"message {offset} straight after {cursor.Offset}");
        }

        _afterGap = false;
        _cursor = cursor with { Offset = Math.Max(offset, cursor.Offset) };
        if (key is not null)
        {
            _newest[key] = offset;
        }

        ledger.Saw(cursor with { Offset = offset }, name, terms.Owner);
    }

    public void Gap(StreamPosition position, long from, long to, string reason)
    {
        if (_cursor is not { } cursor || Ended)
        {
            Report(Anomaly.Phantom, "gap outside of the subscription");
            return;
        }

        if (_afterGap && position == cursor)
        {
            Report(Anomaly.Duplicate, $"the gap to {position} was told twice");
        }

        var sameEpoch = position.Epoch == cursor.Epoch;
        if (sameEpoch ? from <= cursor.Offset || to != position.Offset || from > to : reason != "epoch")
        {
            Report(Anomaly.Protocol, $"gap to {position}, {from}–{to}, {reason}, after {cursor}");
        }

        if (sameEpoch && !(reason == "slow" && (terms.MaySkip || terms.Conflates)))
        {
            Report(Anomaly.FalseGap, $"gap {from}–{to}, {reason}, though all of it was kept");
        }

        _afterGap = true;
        _cursor = Start = position;
        _newest.Clear();
    }

    public void End() => Ended = true;

    /// <summary>All is quiet: an open subscription has everything.</summary>
    public void CheckEnd()
    {
        if (Ended)
        {
            return;
        }

        if (_cursor is not { } cursor)
        {
            Report(Anomaly.Stuck, "was never answered");
            return;
        }

        if (terms.Conflates ? !ledger.HasNewestOfEachKey(this) : ledger.Top is { } top && cursor != top)
        {
            Report(Anomaly.Stuck, $"stands at {cursor}, the log at {ledger.Top}");
        }
    }

    private void Report(Anomaly anomaly, string what) => ledger.Report(anomaly, $"{terms.Owner} in {terms.Channel}: {what}");
}
