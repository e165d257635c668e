using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Tests.SelfTest;

/// <summary>Comes, reads, goes, and comes back for what it missed.</summary>
internal sealed class SimulatedReader(SubscriptionTerms terms, RunJournal journal, SimulatedLog log, Plant plant, Random random)
{
    private readonly SubscriptionJournal _notes = journal.Of(terms.Channel).Open(terms);
    private StreamPosition? _cursor;
    private bool _connected;
    private bool _stuck;

    public SubscriptionTerms Terms => terms;
    public bool IsRevoked { get; set; }

    public void Step()
    {
        if (!_connected)
        {
            Connect();
        }
        else if (random.Next(200) == 0)
        {
            Disconnect();
        }
        else
        {
            Read(random.Next(40));
        }
    }

    public void Disconnect()
    {
        if (_connected)
        {
            _connected = false;
            _notes.Closed(1006);
        }
    }

    public void Finish()
    {
        if (!_connected)
        {
            Connect();
        }

        if (_connected)
        {
            // Twice: the first may only tell of a new epoch.
            Read(int.MaxValue);
            Read(int.MaxValue);
        }
    }

    private void Connect()
    {
        if ((terms.Forbidden || IsRevoked) && !(_cursor is not null && plant.Strikes(PlantedDefect.UncheckedReplay)))
        {
            return;
        }

        _connected = true;
        if (_cursor is not { } cursor)
        {
            _cursor = log.Top;
            _notes.Subscribed(log.Top, null, null);
            return;
        }

        var recovered = cursor.Epoch == log.Epoch && cursor.Offset <= log.Top.Offset;
        if (!recovered && plant.Strikes(PlantedDefect.SwallowedGap))
        {
            _notes.Subscribed(log.Top, cursor, recovered: true);
            _cursor = log.Top;
            return;
        }

        _cursor = recovered ? cursor : log.Top;
        _notes.Subscribed(_cursor.Value, cursor, recovered);
    }

    private void Read(int most)
    {
        var cursor = _cursor!.Value;
        if (cursor.Epoch != log.Epoch)
        {
            if (!plant.Strikes(PlantedDefect.SwallowedGap))
            {
                _notes.Gap(log.Top, cursor.Offset + 1, cursor.Offset, "epoch");
            }

            _cursor = log.Top;
            return;
        }

        if (_stuck)
        {
            return;
        }

        for (var i = 0; i < most && cursor.Offset < log.Top.Offset; i++)
        {
            cursor = cursor with { Offset = cursor.Offset + 1 };
            Deliver(ref cursor);
        }

        _cursor = cursor;
    }

    private void Deliver(ref StreamPosition cursor)
    {
        var offset = cursor.Offset;
        if (plant.Strikes(PlantedDefect.Drop))
        {
            return;
        }

        if (plant.Strikes(PlantedDefect.FlippedBit))
        {
            _notes.Message(offset, null);
            return;
        }

        if (offset < log.Top.Offset && plant.Strikes(PlantedDefect.Swap))
        {
            cursor = cursor with { Offset = offset + 1 };
            _notes.Message(offset + 1, log[offset + 1]);
        }

        if (plant.Strikes(PlantedDefect.Repeat))
        {
            _notes.Message(offset, log[offset]);
        }

        _stuck |= plant.Strikes(PlantedDefect.StuckReader);
        _notes.Message(offset, log[offset]);
    }
}
