using Tidings.Faults.Journals;

namespace Tidings.Faults.Checking;

/// <summary>Judges a run by its journal: A1 to A12, in time proportional to what was noted.</summary>
internal static class Ledger
{
    public static LedgerReport Check(RunJournal journal, Expectations? expectations = null)
    {
        expectations ??= new Expectations();
        var report = new LedgerReport();
        foreach (var channel in journal.Channels)
        {
            var places = new Places(journal, channel, report);
            var acknowledgements = new Acknowledgements(journal, channel, places, expectations, report);
            foreach (var subscription in channel.Subscriptions)
            {
                new SubscriptionCheck(journal, channel, subscription, places, acknowledgements, expectations, report).Run();
            }

            places.Check(expectations);
            acknowledgements.Check();
        }

        foreach (var sighting in journal.Presence.Where(static sighting => !sighting.Told.SetEquals(sighting.Real)))
        {
            report.Add(new Finding(Anomaly.Presence, sighting.Channel, sighting.Node,
                $"names {string.Join(", ", sighting.Told.Order())}; there are {string.Join(", ", sighting.Real.Order())}"));
        }

        return report;
    }
}
