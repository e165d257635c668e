using System.Globalization;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Tests.Oracle;

/// <summary>What was said: one record a value.</summary>
internal sealed class Said(int value, bool keyed, bool durable, long invoked)
{
    public int Value => value;
    public bool Keyed => keyed;
    public bool Durable => durable;
    public long Invoked => invoked;
    public long Done { get; set; } = long.MaxValue;
    public bool Refused { get; set; }
    public List<StreamPosition> Answers { get; } = [];
}

internal enum ToldKind
{
    Subscribed,
    Message,
    Gap,
    End,
}

/// <summary>What one reader was told, in full.</summary>
internal sealed record Told(ToldKind Kind, long Time)
{
    public StreamPosition Position { get; init; }
    public StreamPosition? Asked { get; init; }
    public bool? Recovered { get; init; }
    public long Offset { get; init; }

    /// <summary>0: a byte was changed.</summary>
    public int Value { get; init; }

    public long From { get; init; }
    public long To { get; init; }
    public string Reason { get; init; } = "";
}

/// <summary>A small history of one channel, right or wrong, told to the journal and kept in full for the oracle.</summary>
internal sealed class History
{
    public const string Channel = "chat:a";
    public const long RevocationLimit = 6;

    /// <summary>Free, a user who may be revoked, and one who must not know anything.</summary>
    public static readonly IReadOnlyList<SubscriptionTerms> Terms =
    [
        new("free", Channel),
        new("user", Channel) { User = "user" },
        new("stranger", Channel) { Forbidden = true },
    ];

    private readonly Dictionary<int, Attempt> _attempts = [];
    private readonly List<SubscriptionJournal> _journals = [];

    public History()
    {
        Journal = new RunJournal(() => Time);
        foreach (var terms in Terms)
        {
            _journals.Add(Journal.Of(Channel).Open(terms));
            Readers.Add([]);
        }
    }

    public RunJournal Journal { get; }
    public long Time { get; private set; }
    public List<Said> All { get; } = [];
    public List<List<Told>> Readers { get; } = [];
    public List<(StreamPosition Position, int Value)> Reads { get; } = [];
    public long? Revoked { get; private set; }
    public (StreamPosition Top, IReadOnlyList<int> Values)? Final { get; private set; }

    public static string NameOf(int value) => value.ToString(CultureInfo.InvariantCulture);

    public StreamPosition? CursorOf(int reader) => _journals[reader].Cursor;

    public void Say(int value, bool keyed, bool durable)
    {
        Time++;
        if (_attempts.ContainsKey(value))
        {
            return;
        }

        _attempts.Add(value, Journal.Begin(new Publish(Channel, NameOf(value)) { Key = keyed ? NameOf(value) : null, Durable = durable }));
        All.Add(new Said(value, keyed, durable, Time));
    }

    public void Answer(int value, StreamPosition position)
    {
        Time++;
        if (All.Find(said => said.Value == value) is { Refused: false } one)
        {
            Journal.Accept(_attempts[value], position);
            one.Done = Math.Min(one.Done, Time);
            one.Answers.Add(position);
        }
    }

    public void Refuse(int value)
    {
        Time++;
        if (All.Find(said => said.Value == value) is { Answers.Count: 0 } one)
        {
            _attempts[value].Refused();
            one.Refused = true;
        }
    }

    public void Subscribe(int reader, StreamPosition position, StreamPosition? asked, bool? recovered)
    {
        Time++;
        if (!_journals[reader].Ended)
        {
            _journals[reader].Subscribed(position, asked, recovered);
            Readers[reader].Add(new Told(ToldKind.Subscribed, Time) { Position = position, Asked = asked, Recovered = recovered });
        }
    }

    public void Message(int reader, long offset, int value)
    {
        Time++;
        _journals[reader].Message(offset, value == 0 ? null : NameOf(value));
        Readers[reader].Add(new Told(ToldKind.Message, Time) { Offset = offset, Value = value });
    }

    public void Gap(int reader, StreamPosition position, long from, long to, string reason)
    {
        Time++;
        if (!_journals[reader].Ended && _journals[reader].Cursor is not null)
        {
            _journals[reader].Gap(position, from, to, reason);
            Readers[reader].Add(new Told(ToldKind.Gap, Time) { Position = position, From = from, To = to, Reason = reason });
        }
    }

    public void End(int reader)
    {
        Time++;
        if (!_journals[reader].Ended)
        {
            _journals[reader].End();
            Readers[reader].Add(new Told(ToldKind.End, Time));
        }
    }

    public void Read(StreamPosition position, int value)
    {
        Time++;
        Journal.Of(Channel).Read("history", position, value == 0 ? null : NameOf(value));
        Reads.Add((position, value));
    }

    public void Revoke()
    {
        Time++;
        if (Revoked is null)
        {
            Journal.Revoke("user");
            Revoked = Time;
        }
    }

    public void Close(StreamPosition top, IReadOnlyList<int> values)
    {
        Final = (top, values);
        Journal.Of(Channel).Final = new FinalLog(top, [.. values.Select(value => Journal.ValueOf(NameOf(value)))]);
    }
}
