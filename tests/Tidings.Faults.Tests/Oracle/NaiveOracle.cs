using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Tests.Oracle;

/// <summary>The rules A1 to A11 once more, word by word from their definitions, with no thought for time: each event is looked at beside all others.</summary>
internal sealed class NaiveOracle(History history, Expectations expectations)
{
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);

    /// <summary>What is wrong, and with which reader where it is a reader's matter.</summary>
    public IReadOnlySet<string> Run()
    {
        Log();
        Publishers();
        for (var reader = 0; reader < history.Readers.Count; reader++)
        {
            Reader(History.Terms[reader], history.Readers[reader]);
        }

        return _found;
    }

    private void Log()
    {
        var sightings = Sightings().ToList();
        foreach (var (position, value) in sightings)
        {
            if (sightings.Exists(other => other.Position == position && other.Value != value))
            {
                Found(Anomaly.Fork);
            }

            if (sightings.Exists(other => other.Value == value && other.Position.Epoch == position.Epoch && other.Position != position))
            {
                if (history.All.Exists(said => said.Value == value && said.Keyed))
                {
                    Found(Anomaly.Idempotency);
                }
                else
                {
                    Found(Anomaly.Duplicate, "log");
                }
            }
        }

        foreach (var value in sightings.Select(static sighting => sighting.Value).Concat(InPassing()))
        {
            if (!history.All.Exists(said => said.Value == value && !said.Refused))
            {
                Found(Anomaly.Phantom);
            }
        }
    }

    private void Publishers()
    {
        foreach (var said in history.All)
        {
            if (said.Answers.Exists(answer => said.Answers.Exists(other => other.Epoch == answer.Epoch && other != answer)))
            {
                Found(Anomaly.Idempotency);
            }

            if (said.Answers is not [var at, ..])
            {
                continue;
            }

            if (history.All.Exists(other => other.Answers is [var behind, ..] && behind.Epoch == at.Epoch && said.Done < other.Invoked && at.Offset >= behind.Offset))
            {
                Found(Anomaly.Order, "log");
            }

            if (history.Final is { } final)
            {
                var first = final.Top.Offset - final.Values.Count + 1;
                var survived = at.Epoch == final.Top.Epoch
                    ? at.Offset < first || (at.Offset <= final.Top.Offset && final.Values[(int)(at.Offset - first)] == said.Value)
                    : !said.Durable || !expectations.DurableSurvives || final.Values.Contains(said.Value);
                if (!survived)
                {
                    Found(Anomaly.Durability);
                }
            }
        }
    }

    private void Reader(SubscriptionTerms terms, List<Told> told)
    {
        for (var i = 0; i < told.Count; i++)
        {
            Access(terms, told[i]);
            switch (told[i].Kind)
            {
                case ToldKind.Message:
                    Message(terms, told, i);
                    break;
                case ToldKind.Subscribed:
                    Subscribed(terms, told, i);
                    break;
                case ToldKind.Gap:
                    Gap(terms, told, i);
                    break;
            }
        }

        Holes(terms, told, told.Count);
        var isOver = told.Exists(static one => one.Kind == ToldKind.End) || terms.Forbidden || (terms.User is not null && history.Revoked is not null);
        if (!isOver && (CursorAt(told, told.Count) is not { } cursor || (history.Final is { } final && cursor != final.Top)))
        {
            Found(Anomaly.Stuck, terms.Owner);
        }
    }

    private void Access(SubscriptionTerms terms, Told one)
    {
        if (one.Kind != ToldKind.End
            && (terms.Forbidden || (terms.User is not null && history.Revoked is { } revoked && one.Time > revoked + expectations.RevocationLimit)))
        {
            Found(Anomaly.Leak, terms.Owner);
        }
    }

    private void Message(SubscriptionTerms terms, List<Told> told, int i)
    {
        var offset = told[i].Offset;
        if (told[i].Value == 0 && (offset == 0 || CursorAt(told, i) is not null))
        {
            Found(Anomaly.Corrupt);
        }

        if (offset == 0)
        {
            return;
        }

        if (CursorAt(told, i) is not { } cursor || told.Take(i).Any(static one => one.Kind == ToldKind.End))
        {
            Found(Anomaly.Phantom);
            return;
        }

        if (offset > cursor.Offset + 1 && i > 0 && told[i - 1] is { Kind: ToldKind.Subscribed, Recovered: true })
        {
            Found(Anomaly.FalseContinuity, terms.Owner);
        }

        if (offset <= cursor.Offset)
        {
            var begin = BeginOf(told, i);
            var came = told.Skip(begin + 1).Take(i - begin - 1).Any(one => one.Kind == ToldKind.Message && one.Offset == offset);
            Found(came && offset > told[begin].Position.Offset ? Anomaly.Duplicate : Anomaly.Order, terms.Owner);
        }
    }

    private void Subscribed(SubscriptionTerms terms, List<Told> told, int i)
    {
        var one = told[i];
        if (one.Asked is null != one.Recovered is null)
        {
            Found(Anomaly.Protocol, terms.Owner);
        }

        if (one.Recovered == true)
        {
            if (one.Position != one.Asked)
            {
                Found(Anomaly.FalseContinuity, terms.Owner);
            }
        }
        else
        {
            Need(terms, one.Asked, one.Position, expectations.MayTrim);
            Begun(terms, one);
        }

        if (Begins(told, i))
        {
            Holes(terms, told, i);
        }
    }

    private void Gap(SubscriptionTerms terms, List<Told> told, int i)
    {
        var one = told[i];
        var cursor = CursorAt(told, i)!.Value;
        if (told[i - 1].Kind == ToldKind.Gap && one.Position == cursor)
        {
            Found(Anomaly.Duplicate, terms.Owner);
        }

        var same = one.Position.Epoch == cursor.Epoch;
        var agrees = one.Reason == "epoch" ? one.To == one.From - 1 : same && one.From > cursor.Offset && one.To == one.Position.Offset && one.From <= one.To;
        if (!agrees)
        {
            Found(Anomaly.Protocol, terms.Owner);
        }
        else if (same && one.From > cursor.Offset + 1)
        {
            Found(Anomaly.Lost, terms.Owner);
        }

        Need(terms, cursor, one.Position, expectations.MayTrimLive);
        Begun(terms, one);
        Holes(terms, told, i);
    }

    private void Need(SubscriptionTerms terms, StreamPosition? from, StreamPosition to, bool mayTrim)
    {
        if (from is not { } at)
        {
            return;
        }

        var seen = history.Reads.Exists(read => read.Position.Epoch == at.Epoch)
            || history.Readers.Exists(told => told.Where((one, i) => one.Kind == ToldKind.Message && CursorAt(told, i)?.Epoch == at.Epoch).Any());
        if (at.Epoch == to.Epoch ? !mayTrim && at.Offset <= to.Offset : !expectations.EpochMayChange && seen)
        {
            Found(Anomaly.FalseGap, terms.Owner);
        }
    }

    private void Begun(SubscriptionTerms terms, Told one)
    {
        if (history.All.Exists(said => said.Answers is [var at, ..] && at.Epoch == one.Position.Epoch && at.Offset <= one.Position.Offset && said.Invoked > one.Time))
        {
            Found(Anomaly.Lost, terms.Owner);
        }
    }

    // What lies between the beginning before i and the furthest offset, and did not come.
    private void Holes(SubscriptionTerms terms, List<Told> told, int i)
    {
        if (CursorAt(told, i) is not { } cursor)
        {
            return;
        }

        var begin = BeginOf(told, i);
        for (var offset = told[begin].Position.Offset + 1; offset <= cursor.Offset; offset++)
        {
            if (!Within(told, begin, i).Any(one => one.Offset == offset))
            {
                Found(Anomaly.Lost, terms.Owner);
            }
        }
    }

    /// <summary>The messages between two events, up to the end of the subscription.</summary>
    private static IEnumerable<Told> Within(List<Told> told, int begin, int i) =>
        told.Skip(begin + 1).Take(i - begin - 1).TakeWhile(static one => one.Kind != ToldKind.End).Where(static one => one.Kind == ToldKind.Message);

    private static StreamPosition? CursorAt(List<Told> told, int i)
    {
        var begin = BeginOf(told, i);
        return begin < 0 ? null : told[begin].Position with { Offset = Within(told, begin, i).Select(static one => one.Offset).Append(told[begin].Position.Offset).Max() };
    }

    private static int BeginOf(List<Told> told, int i)
    {
        var begin = i - 1;
        while (begin >= 0 && !Begins(told, begin))
        {
            begin--;
        }

        return begin;
    }

    private static bool Begins(List<Told> told, int i) =>
        told[i].Kind == ToldKind.Gap
        || (told[i].Kind == ToldKind.Subscribed && (told[i].Recovered != true || told[i].Position != CursorAt(told, i)));

    private IEnumerable<(StreamPosition Position, int Value)> Sightings()
    {
        foreach (var said in history.All)
        {
            foreach (var answer in said.Answers)
            {
                yield return (answer, said.Value);
            }
        }

        foreach (var read in history.Reads)
        {
            if (read.Value != 0)
            {
                yield return read;
            }
            else
            {
                Found(Anomaly.Corrupt);
            }
        }

        foreach (var told in history.Readers)
        {
            for (var i = 0; i < told.Count; i++)
            {
                if (told[i] is { Kind: ToldKind.Message, Offset: > 0, Value: not 0 } one && CursorAt(told, i) is { } cursor)
                {
                    yield return (cursor with { Offset = one.Offset }, one.Value);
                }
            }
        }

        if (history.Final is { } final)
        {
            for (var i = 0; i < final.Values.Count; i++)
            {
                yield return (final.Top with { Offset = final.Top.Offset - final.Values.Count + 1 + i }, final.Values[i]);
            }
        }
    }

    private IEnumerable<int> InPassing() =>
        history.Readers.SelectMany(static told => told).Where(static one => one is { Kind: ToldKind.Message, Offset: 0, Value: not 0 }).Select(static one => one.Value);

    private void Found(Anomaly anomaly, string who = "") => _found.Add($"{anomaly} {who}");
}
