using System.IO.Compression;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Connections;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>One connection of a client of the channel protocol: sends commands, and notes what comes back. Belongs to its lane.</summary>
internal sealed class ClientSession
{
    private readonly RunNotes _ledger;
    private readonly Func<string, IEnumerable<string>> _filter;
    private readonly Dictionary<string, SubscriptionJournal> _journals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StreamPosition?> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Attempt> _publishing = [];
    private long _id;
    private bool _over;

    public ClientSession(Rig rig, Tidings.Lanes.Lane lane, RunNotes ledger, bool deflate, Func<string, IEnumerable<string>> filter)
    {
        _ledger = ledger;
        _filter = filter;
        Wire = new MemoryWire(Receive);
        Connection = rig.Connect(lane, Wire, deflate);
    }

    public MemoryWire Wire { get; }
    public Connection Connection { get; }
    public int? CloseCode { get; private set; }

    /// <summary>The subscriptions that were asked for, by channel.</summary>
    public IReadOnlyDictionary<string, SubscriptionJournal> Journals => _journals;

    /// <summary>How far the client has got in each channel, for its next connection.</summary>
    public Dictionary<string, StreamPosition> Positions { get; init; } = [];

    public bool Ended => Wire.Closed || _over || CloseCode is not null;

    public void Send(string command) => Wire.Bring(RawFrame.OfText(command));

    public void Subscribe(IReadOnlyList<Wish> wishes, bool together)
    {
        var targets = wishes.Select(Target).ToList();
        foreach (var (terms, since, _) in wishes)
        {
            _asked[terms.Channel] = since;
            _journals[terms.Channel] = _ledger.Of(terms.Channel).Open(terms);
        }

        if (together)
        {
            Send($$"""{"type":"subscribe","id":{{++_id}},"channels":[{{string.Join(',', targets.Select(target => "{" + target + "}"))}}]}""");
            return;
        }

        foreach (var target in targets)
        {
            Send($$"""{"type":"subscribe","id":{{++_id}},{{target}}}""");
        }
    }

    public void Unsubscribe(string channel) => Send($$"""{"type":"unsubscribe","id":{{++_id}},"channel":"{{channel}}"}""");

    public void History(string channel, int last) => Send($$"""{"type":"history","id":{{++_id}},"channel":"{{channel}}","last":{{last}}}""");

    public void Publish(Attempt attempt, string payload, string? conflationKey)
    {
        _publishing[++_id] = attempt;
        var key = conflationKey is null ? "" : $",\"key\":\"{conflationKey}\"";
        var idempotency = attempt.Key is null ? "" : $",\"idempotencyKey\":\"{attempt.Key}\"";
        var ephemeral = attempt.Publish.Ephemeral ? ",\"ephemeral\":true" : "";
        Send($$"""{"type":"publish","id":{{_id}},"channel":"{{attempt.Channel}}","data":{{payload}}{{key}}{{idempotency}}{{ephemeral}}}""");
    }

    /// <summary>The connection is over: nothing more counts.</summary>
    public void End()
    {
        _over = true;
        foreach (var journal in _journals.Values)
        {
            journal.End();
        }
    }

    private static string Target(Wish wish)
    {
        var (terms, asked, last) = wish;
        var start = asked is { } since ? $",\"since\":{{\"epoch\":\"{since.Epoch}\",\"offset\":{since.Offset}}}"
            : last > 0 ? $",\"last\":{last}"
            : "";
        return $"\"channel\":\"{terms.Channel}\"{start}{(terms.Conflates ? ",\"conflate\":true" : "")}";
    }

    private void Receive(RawFrame frame)
    {
        if (frame.Opcode == RawFrame.CloseOpcode)
        {
            CloseCode = RawWebSocket.CodeOf(frame);
            Connection.Lane.Post(new LaneAction(Wire.Cut));
            End();
            return;
        }

        foreach (var json in _filter(TextOf(frame)))
        {
            using var document = JsonDocument.Parse(json);
            Handle(document.RootElement);
        }
    }

    private static string TextOf(RawFrame frame)
    {
        const int Compressed = 4;
        if (frame.Reserved != Compressed)
        {
            return frame.Text;
        }

        using var deflate = new DeflateStream(new MemoryStream([.. frame.Payload, 0, 0, 0xFF, 0xFF]), CompressionMode.Decompress);
        using var text = new MemoryStream();
        deflate.CopyTo(text);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    private void Handle(JsonElement message)
    {
        switch (message.GetProperty("type").GetString())
        {
            case "subscribed":
                Subscribed(message);
                NotePosition(message);
                break;
            case "message":
                var name = Payload.NameOf(message.GetProperty("data").GetRawText());
                JournalOf(message)?.Message(message.TryGetProperty("offset", out var offset) ? offset.GetInt64() : 0, name, KeyOf(message));
                NotePosition(message);
                break;
            case "gap":
                JournalOf(message)?.Gap(PositionOf(message), message.GetProperty("from").GetInt64(), message.GetProperty("to").GetInt64(), message.GetProperty("reason").GetString()!);
                NotePosition(message);
                break;
            case "unsubscribed":
                JournalOf(message)?.End();
                break;
            case "published":
                _publishing.Remove(message.GetProperty("id").GetInt64(), out var attempt);
                _ledger.Accept(attempt!, message.TryGetProperty("offset", out _) ? PositionOf(message) : null);
                break;
            case "history":
                foreach (var entry in message.GetProperty("messages").EnumerateArray())
                {
                    var at = new StreamPosition(message.GetProperty("epoch").GetString()!, entry.GetProperty("offset").GetInt64());
                    _ledger.Of(message.GetProperty("channel").GetString()!).Saw(at, Payload.NameOf(entry.GetProperty("data").GetRawText()), "history");
                }

                break;
            case "error":
                Refused(message);
                break;
        }
    }

    private void Subscribed(JsonElement message)
    {
        if (JournalOf(message) is not { } journal)
        {
            return;
        }

        if (journal.Cursor is not null)
        {
            _ledger.Report(Anomaly.Duplicate, $"{message.GetRawText()}, a second answer");
        }

        journal.Subscribed(PositionOf(message), _asked[journal.Terms.Channel], message.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null);
    }

    private void Refused(JsonElement error)
    {
        if (_publishing.Remove(error.GetProperty("id").GetInt64(), out var attempt))
        {
            attempt.Refused();
        }
        else if (error.GetProperty("error").GetString() != "Not subscribed")
        {
            // Who leaves twice is told so; nothing else is ever refused here.
            _ledger.Report(Anomaly.Protocol, error.GetRawText());
        }
    }

    private SubscriptionJournal? JournalOf(JsonElement message)
    {
        var channel = message.GetProperty("channel").GetString()!;
        if (_journals.TryGetValue(channel, out var journal))
        {
            return journal;
        }

        _ledger.Report(Anomaly.Phantom, $"{message.GetRawText()}, where nobody subscribed");
        return null;
    }

    private void NotePosition(JsonElement message)
    {
        var channel = message.GetProperty("channel").GetString()!;
        if (_journals.TryGetValue(channel, out var journal) && journal.Cursor is { } cursor)
        {
            Positions[channel] = cursor;
        }
    }

    private static string? KeyOf(JsonElement message) => message.TryGetProperty("key", out var key) ? key.GetString() : null;

    private static StreamPosition PositionOf(JsonElement message) => new(message.GetProperty("epoch").GetString()!, message.GetProperty("offset").GetInt64());
}

/// <summary>What a subscription is asked for.</summary>
/// <param name="Terms">What it is promised.</param>
/// <param name="Since">The position to go on from, or null.</param>
/// <param name="Last">How many messages back to begin where there is none.</param>
internal sealed record Wish(SubscriptionTerms Terms, StreamPosition? Since, int Last);
