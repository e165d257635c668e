using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Checking;

/// <summary>One subscription from its beginning to its end: each offset once, in order, and every hole announced before the next message.</summary>
internal sealed class SubscriptionCheck(
    RunJournal journal, ChannelJournal channel, SubscriptionJournal subscription, Places places, Acknowledgements acknowledgements,
    Expectations expectations, LedgerReport report)
{
    private readonly SubscriptionTerms _terms = subscription.Terms;
    private readonly Coverage _coverage = new();
    private JournalEntry? _before;
    private bool _ended;

    public void Run()
    {
        foreach (var entry in subscription.Entries)
        {
            CheckAccess(entry);
            switch (entry)
            {
                case SubscribedEntry subscribed:
                    OnSubscribed(subscribed);
                    break;
                case RunEntry run:
                    OnMessages(run.First, run.Last);
                    break;
                case OddEntry { Offset: 0 } passing:
                    report.Delivered++;
                    places.SawInPassing(passing.Value, _terms.Owner);
                    break;
                case OddEntry odd:
                    OnMessages(odd.Offset, odd.Offset);
                    if (_coverage.Cursor is { } cursor)
                    {
                        places.Saw(cursor with { Offset = odd.Offset }, odd.Value, _terms.Owner);
                    }

                    break;
                case GapEntry gap:
                    OnGap(gap);
                    break;
                case ClosedEntry closed:
                    _ended |= closed.ForGood;
                    break;
            }

            _before = entry;
        }

        ReportHoles();
        CheckEnd();
    }

    private void OnSubscribed(SubscribedEntry entry)
    {
        if (entry.Asked is null != entry.Recovered is null)
        {
            Report(Anomaly.Protocol, "`recovered` stands where `since` was given, and nowhere else");
        }

        report.Returns += entry.Asked is null ? 0 : 1;
        if (entry.Recovered == true)
        {
            report.Recoveries++;
            if (entry.Position != entry.Asked)
            {
                Report(Anomaly.FalseContinuity, $"recovered from {entry.Asked}, but begins at {entry.Position}");
            }

            if (entry.Position != _coverage.Cursor)
            {
                // Somebody else's position, or an earlier one: begun anew.
                ReportHoles();
                _coverage.Begin(entry.Position);
            }

            return;
        }

        if (entry.Asked is { } asked)
        {
            report.Gaps++;
            CheckNeed(asked, entry.Position, expectations.MayTrim, "recovered:false");
        }

        BeginAt(entry.Position, entry.Time);
    }

    private void OnMessages(long first, long last)
    {
        report.Delivered += last - first + 1;
        if (_coverage.Cursor is not { } cursor || _ended)
        {
            Report(Anomaly.Phantom, $"message {first} outside of the subscription");
            return;
        }

        if (first > cursor.Offset + 1 && !_terms.Conflates)
        {
            _coverage.Skip(first - 1);
            if (_before is SubscribedEntry { Recovered: true })
            {
                Report(Anomaly.FalseContinuity, $"recovered from {cursor}, then message {first}");
            }
        }

        for (var offset = first; offset <= Math.Min(last, cursor.Offset); offset++)
        {
            var wasMissing = _coverage.Fill(offset);
            Report(wasMissing || offset <= _coverage.Start.Offset ? Anomaly.Order : Anomaly.Duplicate, $"message {offset} after {cursor.Offset}");
        }

        _coverage.Reach(last);
    }

    private void OnGap(GapEntry gap)
    {
        report.Gaps++;
        if (_coverage.Cursor is not { } cursor || _ended)
        {
            Report(Anomaly.Phantom, "gap outside of the subscription");
            return;
        }

        if (_before is GapEntry && gap.Position == cursor)
        {
            Report(Anomaly.Duplicate, $"the gap to {gap.Position} was told twice");
        }

        var sameEpoch = gap.Position.Epoch == cursor.Epoch;
        if (gap.Reason == "epoch" ? gap.To != gap.From - 1 : !sameEpoch || gap.From <= cursor.Offset || gap.To != gap.Position.Offset || gap.From > gap.To)
        {
            Report(Anomaly.Protocol, $"gap to {gap.Position}, {gap.From}–{gap.To}, {gap.Reason}, after {cursor}");
        }
        else if (sameEpoch && gap.From > cursor.Offset + 1 && !_terms.Conflates)
        {
            _coverage.Skip(gap.From - 1);
        }

        if (!(gap.Reason == "slow" && (_terms.MaySkip || _terms.Conflates)))
        {
            CheckNeed(cursor, gap.Position, expectations.MayTrimLive || (expectations.MayTrim && _before is ClosedEntry), $"gap {gap.From}–{gap.To}, {gap.Reason}");
        }

        BeginAt(gap.Position, gap.Time);
    }

    // Whether there was a need to begin anew. Who asks for what lies ahead, or for an epoch that nobody has seen, is refused rightly.
    private void CheckNeed(StreamPosition from, StreamPosition to, bool mayTrim, string what)
    {
        var right = from.Epoch == to.Epoch
            ? mayTrim || from.Offset > to.Offset
            : expectations.EpochMayChange || !channel.Seen.ContainsKey(from.Epoch);
        if (!right)
        {
            Report(Anomaly.FalseGap, $"{what}, from {from} to {to}, though nothing was lost");
        }
    }

    private void BeginAt(StreamPosition position, long time)
    {
        ReportHoles();
        _coverage.Begin(position);
        if (acknowledgements.BegunSince(time, position.Epoch, position.Offset) is > 0 and var missed)
        {
            Report(Anomaly.Lost, $"{missed} before its beginning at {position} (prefix), though they were begun later", missed);
        }
    }

    private void ReportHoles()
    {
        foreach (var (first, last) in _coverage.Holes)
        {
            var where = first == _coverage.Start.Offset + 1 ? "prefix" : "middle";
            Report(Anomaly.Lost, $"{first}–{last} of {_coverage.Cursor!.Value.Epoch} ({where}), neither delivered nor announced", last - first + 1);
        }

        _coverage.Forget();
    }

    private void CheckAccess(JournalEntry entry)
    {
        var isTold = entry is RunEntry or OddEntry or GapEntry or SubscribedEntry;
        if (isTold && _terms.Forbidden)
        {
            Report(Anomaly.Leak, "was told something that he must not know");
        }

        var time = entry is RunEntry run ? run.LastTime : entry.Time;
        if (isTold && _terms.User is { } user && journal.RevokedAt(user) is { } revoked && time > revoked + expectations.RevocationLimit)
        {
            Report(Anomaly.Leak, $"was told something {TimeSpan.FromTicks(time - revoked).TotalSeconds:0.0} s after {user} was revoked");
        }
    }

    // All is quiet: an open subscription has everything.
    private void CheckEnd()
    {
        if (_ended || _terms.Forbidden || _terms.Conflates || (_terms.User is { } user && journal.RevokedAt(user) is not null))
        {
            return;
        }

        if (_coverage.Cursor is not { } cursor)
        {
            Report(Anomaly.Stuck, "was never answered");
        }
        else if (channel.Final is { } final && cursor != final.Top)
        {
            Report(Anomaly.Stuck, $"stands at {cursor}, the log at {final.Top}");
        }
    }

    private void Report(Anomaly anomaly, string what, long count = 1) =>
        report.Add(new Finding(anomaly, channel.Channel, $"{_terms.Owner} {_terms.Transport}".TrimEnd(), what, count));
}
