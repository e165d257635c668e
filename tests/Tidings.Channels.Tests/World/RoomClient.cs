using System.Net;
using TestKit;
using Tidings.Connections;
using Tidings.Faults.Journals;
using Tidings.Lanes;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>Somebody in a plain text room, who sees neither offsets nor gaps: what comes is compared with the log.</summary>
internal sealed class RoomClient(string name, Rig rig, Lane lane, RunNotes ledger, Random random, bool slow, string room, Names names) : Actor(name, lane)
{
    private readonly ChannelNotes _channel = ledger.Of(ChannelName.RoomPrefix + room);
    private MemoryWire? _wire;
    private SubscriptionJournal? _journal;
    private Connection? _connection;

    public override Connection? Connection => _connection;

    public override void Act()
    {
        if (Settle())
        {
            Connect();
            return;
        }

        switch (random.Next(100))
        {
            case < 25 when slow:
                _wire!.SetRoom(random.Next(4) == 0 ? 0 : random.Next(6000));
                break;
            case < 40:
                var said = names.Next(_channel.Channel);
                ledger.Begin(_channel.Channel, said);
                _wire!.Bring(RawFrame.OfText(Payload.Make(said, random.Next(300))));
                break;
            case < 46:
                _journal!.End();
                _wire!.Cut();
                break;
        }
    }

    public override void Finish()
    {
        if (Settle())
        {
            Connect();
        }

        _wire!.SetRoom(long.MaxValue);
    }

    private bool Settle()
    {
        if (_wire is { Closed: true })
        {
            _journal!.End();
            _wire = null;
        }

        return _wire is null;
    }

    private void Connect()
    {
        var journal = _journal = _channel.Open(new SubscriptionTerms(Name, _channel.Channel));
        MemoryWire wire = null!;
        _wire = wire = new MemoryWire(frame => Receive(frame, journal, wire));
        _connection = rig.ConnectRoom(Lane, wire, room);
    }

    private void Receive(RawFrame frame, SubscriptionJournal journal, MemoryWire wire)
    {
        if (frame.Opcode == RawFrame.CloseOpcode)
        {
            journal.End();
            Lane.Post(new LaneAction(wire.Cut));
            return;
        }

        var text = WebUtility.HtmlDecode(frame.Text[(room.Length + 3)..]);
        var said = Payload.NameOf(text);
        if (said is null || _channel.Find(said) is not { } position)
        {
            journal.Message(0, said);
            return;
        }

        // A room has no word for where it begins, nor for a new epoch.
        var before = position with { Offset = position.Offset - 1 };
        if (journal.Cursor is null)
        {
            journal.Subscribed(before, null, null);
        }
        else if (journal.Cursor.Value.Epoch != position.Epoch)
        {
            journal.Gap(before, 1, 0, "epoch");
        }

        journal.Message(position.Offset, said);
    }
}

/// <summary>Names for what is said, each of which is given once.</summary>
internal sealed class Names
{
    private long _last;

    public string Next(string channel) => $"{channel}/{Interlocked.Increment(ref _last)}";

    /// <summary>The same name for the same key: a retry says the same again.</summary>
    public string Keyed(string channel, string key) => $"{channel}/{key}";

    public static string? ConflationKey(Random random) => random.Next(2) == 0 ? null : $"k{random.Next(4)}";
}
