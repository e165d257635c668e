using Tidings.Connections;
using Tidings.Faults.Journals;
using Tidings.Lanes;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>A client that comes, listens, speaks, lags, goes and comes back. Everything happens on its lane.</summary>
internal abstract class Actor(string name, Lane lane)
{
    public string Name => name;
    public Lane Lane => lane;

    /// <summary>Does something.</summary>
    public abstract void Act();

    /// <summary>Comes back, if need be, and reads all there is.</summary>
    public abstract void Finish();

    /// <summary>The connection there is now.</summary>
    public abstract Connection? Connection { get; }
}

/// <param name="Deflate">Whether its connections compress.</param>
/// <param name="Slow">Whether it pauses while it reads.</param>
/// <param name="Conflates">Whether it wants the newest of each key alone.</param>
internal sealed record Temper(bool Deflate, bool Slow, bool Conflates);

/// <summary>A client of the channel protocol.</summary>
internal sealed class ConnectClient(string name, Rig rig, Lane lane, RunNotes ledger, Random random, Temper temper, IReadOnlyList<string> channels, Names names, Func<string, IEnumerable<string>> filter)
    : Actor(name, lane)
{
    private readonly Dictionary<string, StreamPosition> _positions = [];
    private ClientSession? _session;

    public override Connection? Connection => _session?.Connection;

    public override void Act()
    {
        if (Settle())
        {
            Connect();
            return;
        }

        switch (random.Next(100))
        {
            case < 25 when temper.Slow:
                _session!.Wire.SetRoom(random.Next(4) == 0 ? 0 : random.Next(6000));
                break;
            case < 45:
                Publish();
                break;
            case < 53:
                Leave();
                break;
            case < 56:
                _session!.Send("""{"type":"quit"}""");
                break;
            case < 66:
                Toggle();
                break;
            case < 72:
                _session!.History(Pick(channels), random.Next(1, 20));
                break;
            default:
                break;
        }
    }

    public override void Finish()
    {
        if (Settle())
        {
            Connect();
        }

        _session!.Wire.SetRoom(long.MaxValue);
        if (!_session.Ended)
        {
            Subscribe([.. channels.Where(channel => !IsOpen(channel))]);
        }
    }

    /// <returns>Whether there is no connection.</returns>
    private bool Settle()
    {
        if (_session is { Ended: true })
        {
            _session.End();
            _session = null;
        }

        return _session is null;
    }

    private bool IsOpen(string channel) => _session!.Journals.TryGetValue(channel, out var journal) && !journal.Ended;

    private void Connect()
    {
        _session = new ClientSession(rig, Lane, ledger, temper.Deflate, filter) { Positions = _positions };
        var session = _session;

        // The wire is attached when the lane next runs; commands that are sent at once wait in it.
        Lane.Post(new LaneAction(() =>
        {
            if (!session.Ended)
            {
                Subscribe([.. channels.Where(_ => random.Next(4) > 0)], session);
            }
        }));
    }

    private void Leave()
    {
        _session!.End();
        _session.Wire.Cut();
        _session = null;
    }

    private void Toggle()
    {
        var channel = Pick(channels);
        if (IsOpen(channel))
        {
            _session!.Unsubscribe(channel);
        }
        else
        {
            Subscribe([channel]);
        }
    }

    private void Subscribe(IReadOnlyList<string> wanted, ClientSession? to = null)
    {
        var session = to ?? _session!;
        wanted = [.. wanted.Where(channel => !session.Journals.TryGetValue(channel, out var journal) || journal.Ended)];
        if (wanted.Count > 0)
        {
            session.Subscribe([.. wanted.Select(WishFor)], random.Next(2) == 0);
        }
    }

    private Wish WishFor(string channel)
    {
        var known = _positions.TryGetValue(channel, out var position);
        StreamPosition? since = random.Next(20) switch
        {
            < 12 => known ? position : null,
            < 15 => known ? position with { Offset = random.NextInt64(position.Offset + 1) } : null,
            < 16 => known ? position with { Offset = position.Offset + random.Next(1, 1000) } : null,
            < 17 => new StreamPosition("foreign", random.Next(10)),
            _ => null,
        };
        var skips = rig.Kinds.Find(channel).SlowConsumers == SlowConsumerPolicy.Skip;
        var terms = new SubscriptionTerms(Name, channel) { Conflates = temper.Conflates, MaySkip = skips };
        return new Wish(terms, since, since is null ? random.Next(12) : 0);
    }

    private void Publish()
    {
        var channel = Pick(channels);
        var key = random.Next(3) == 0 ? $"{Name}-{random.Next(2)}-{Period()}" : null;
        var said = key is null ? names.Next(channel) : names.Keyed(channel, key);
        var attempt = ledger.Begin(channel, said, key, ephemeral: key is null && random.Next(8) == 0);
        _session!.Publish(attempt, Payload.Make(said, random.Next(300)), Names.ConflationKey(random));
    }

    // A key is used again within two minutes, well inside the window.
    private long Period() => rig.Time.GetUtcNow().ToUnixTimeSeconds() / 120;

    private string Pick(IReadOnlyList<string> from) => from[random.Next(from.Count)];
}
