using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Quotas;
using Tidings.Security.Identities;

namespace Tidings.Connections;

internal enum ConnectionState : byte
{
    /// <summary>The handshake is under way; what is sent waits in the queue.</summary>
    Attaching,
    Open,

    /// <summary>A close frame is queued or sent; nothing more is taken or sent but the rest of the handshake.</summary>
    Closing,
    Closed,
}

/// <summary>One WebSocket, or one request over HTTP that is answered as one: reads messages, keeps the heartbeat and the limits, queues what is sent, ends in order.</summary>
/// <remarks>All members belong to <see cref="Lane"/>'s turns, except those that say otherwise.</remarks>
internal sealed partial class Connection : LaneMember, ILaneWork
{
    // RFC 6455 gives no bound; one and a half seconds lets a distant peer read the close frame before the socket goes.
    private const int LingerMilliseconds = 1500;

    // Where the peer is not told by the end of our output, as streams cannot: it waits for the end of the connection itself.
    private const int UntoldLingerMilliseconds = 600;

    private static long s_ids;

    private readonly ConnectionRegistry _registry;
    private readonly ConnectionHandler _handler;
    private Heartbeat _heartbeat;
    private Wire? _wire;
    private long _closeDue;
    private long _openedAt;
    private ulong _slot;
    private bool _closeReceived;
    private bool _inputEnded;
    private bool _peerMaySend;
    private bool _outputEnded;
    private DisconnectCode _code;

    /// <summary>Makes a connection in whose name one may join channels before its handshake is done. Any thread.</summary>
    public Connection(Lane lane, ConnectionSettings settings, ConnectionHandler handler, ConnectionRegistry registry, DeflateTerms? deflate = null)
    {
        Lane = lane;
        Settings = settings;
        _handler = handler;
        _registry = registry;
        Deflate = deflate;
        _reader = new MessageReader(fromClient: true, allowCompressed: deflate is not null);
    }

    /// <summary>Names the connection in this process; never used again.</summary>
    public long Id { get; init; } = NextId();

    /// <summary>Its name for those outside, where the route gives it none: no connection of any node has the same.</summary>
    public string SharedId => $"{_registry.Node}-{Id.ToString(System.Globalization.CultureInfo.InvariantCulture)}";

    public Lane Lane { get; }
    public ConnectionRegistry Registry => _registry;
    public ConnectionSettings Settings { get; }
    public ConnectionState State { get; private set; }

    /// <summary>What the route keeps for this connection.</summary>
    public object? Tag { get; set; }

    /// <summary>Whether the route wants to know how far what it sent has gone (<see cref="ConnectionHandler.OnFlushed"/>).</summary>
    public bool ReportsFlush { get; init; }

    /// <summary>Who it belongs to; null while it is anonymous and may be. Set before the connection is attached, or by its lane.</summary>
    public ConnectionAuthentication? Authentication { get; set; }

    /// <summary>Who it belongs to, or null. Any thread.</summary>
    public Identity? Identity => Authentication?.Identity;

    /// <summary>The address that limits count, or default.</summary>
    public AddressKey Address { get; init; }

    /// <summary>Whether it has one of the places of its address. A request that is answered at once has none.</summary>
    public bool HasPlace { get; init; } = true;

    /// <summary>Whose share of a bound counts what comes over it: its user's, else its address's. Any thread.</summary>
    public Sender Sender => Sender.Of(Identity?.User, Address);

    /// <summary>The user whose connections this one counts among, or null.</summary>
    public string? CountedUser { get; private set; }

    /// <summary>It is known that nobody in particular comes, where it was to be said who does. On its lane.</summary>
    /// <param name="until">When it ends, in Unix milliseconds; <see cref="long.MaxValue"/> for never.</param>
    public void BecomeAnonymous(long until)
    {
        Authentication?.End();
        Authentication = until == long.MaxValue ? null : ConnectionAuthentication.OfNobody(this, until);
        Authentication?.Start();
    }

    /// <summary>Milliseconds until its token ends; null where it has none, or that does not end.</summary>
    public long? TokenLeft => Identity is { ExpiresAt: < long.MaxValue } identity ? Math.Max(0, identity.ExpiresAt - _registry.Time.GetUtcNow().ToUnixTimeMilliseconds()) : null;

    /// <summary>A name for a connection that is still to be made.</summary>
    public static long NextId() => Interlocked.Increment(ref s_ids);

    /// <summary>Counts the connection among those of its user, where that is limited, and it has one and is not counted yet. Before it is attached, or on its lane.</summary>
    /// <remarks>Where other nodes are asked, it goes on elsewhere than on the lane.</remarks>
    /// <returns>False where the user has as many as allowed, and this one is to end.</returns>
    public async ValueTask<bool> TryCountUserAsync()
    {
        if (CountedUser is not null || Identity is not { } identity || !_registry.LimitsUsers)
        {
            return true;
        }

        var entering = _registry.TryEnterAsAsync(identity.User).AsTask();
        var atOnce = entering.IsCompleted;
        var entered = await entering.ConfigureAwait(false);
        if (atOnce)
        {
            CountedUser = entered ? identity.User : null;
            return entered;
        }

        await Lane.SwitchTo();
        if (entered && State == ConnectionState.Closed)
        {
            // It has gone meanwhile, and has left what it had by then.
            _registry.LeaveAs(identity.User);
        }
        else if (entered)
        {
            CountedUser = identity.User;
        }

        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return entered;
    }

    /// <summary>Gives the connection its transport: the handshake is done. Any thread, once.</summary>
    public void Attach(Wire wire) => Lane.Post(this, wire);

    /// <summary>Takes a text message that its peer said in another way than over the wire. Any thread.</summary>
    public void Hear(ReadOnlyMemory<byte> text) => Lane.Post(this, new HeardText(text));

    /// <summary>Whether nothing comes from the peer over the wire itself.</summary>
    public bool IsOneWay => _wire is { IsOneWay: true };

    /// <summary>Ends the connection, after what is queued. Any thread; the first call counts.</summary>
    public void Close(DisconnectCode code) => Lane.Post(this, new CloseRequest(code));

    /// <summary>The handshake failed and there will be no transport. Any thread.</summary>
    public void Abandon() => Lane.Post(this, AbandonRequest.Instance);

    void ILaneWork.Run(object? argument)
    {
        switch (argument)
        {
            case Wire wire:
                Open(wire);
                break;
            case CloseRequest request:
                Lane.FanOut();
                CloseNow(request.Code);
                break;
            case HeardText heard when State == ConnectionState.Open:
                Receive(Frame.Masked(heard.Text.Span));
                break;
            case byte[] frames:
                Send(frames);
                break;
            case TapChange change:
                Change(change);
                break;
            case InflateWork inflated:
                // Its own suspension ends here; the handler may ask for another one.
                _suspended = false;
                TakeInflated(inflated.Kind, inflated.Result, inflated.Inflated.AsSpan(0, inflated.Length));
                inflated.Release();
                if (!_suspended)
                {
                    Resume();
                }

                break;
            case AbandonRequest when _wire is null:
                Leave(DisconnectCode.Abnormal);
                Release();
                break;
        }
    }

    public ConnectionInfo ToInfo() => new(Id.ToString(System.Globalization.CultureInfo.InvariantCulture), State == ConnectionState.Open, QueuedBytes);

    /// <summary>What carries it; a WebSocket, while it has no wire.</summary>
    public TransportKind Transport => _wire?.Transport ?? TransportKind.WebSocket;

    /// <summary>The name of the protocol that it speaks (<see cref="ConnectionHandler.ProtocolName"/>).</summary>
    public string ProtocolName => _handler.ProtocolName;

    /// <summary>For how many milliseconds it has been open.</summary>
    public long Age => Lane.Now - _openedAt;

    protected internal override void OnDue()
    {
        if (State == ConnectionState.Closing)
        {
            Shut();
            return;
        }

        var now = Lane.Now;
        if (!_reading)
        {
            _heartbeat.StandStill(now);
        }

        var stalled = _reading && _reader.IsMidMessage && _heartbeat.HasStalled(Settings, now);
        if (stalled || (now >= _heartbeat.NextPing && _heartbeat.IsSilent(Settings, now)))
        {
            CloseNow(DisconnectCode.Silent);
            return;
        }

        if (now >= _heartbeat.NextPing)
        {
            EnqueueControl(_heartbeat.Ping(Settings, _handler, now));
            MarkDirty();
        }

        Reschedule();
    }

    private void Open(Wire wire)
    {
        _wire = wire;
        _openedAt = Lane.Now;
        _slot = Lane.Members.Add(this);
        _heartbeat.Start(Settings, Lane.Now);
        if (State == ConnectionState.Attaching)
        {
            State = ConnectionState.Open;
            Reschedule();
        }
        else
        {
            QueueClose(_handler.CloseCode(_code));
        }

        _reading = !wire.IsOneWay;
        wire.Start(this);
        Authentication?.Start();
        if (Identity is { } identity && _registry.Revocations.EndOf(identity) is { } end)
        {
            Expel(end);
        }

        NoteOpen();
        if (_registry.StopCode is { } stopping)
        {
            CloseNow(stopping);
        }

        if (_queue.Count > 0)
        {
            MarkDirty();
        }
    }

    /// <summary>Notes, for those who are told, that it is open and has joined what it came for: the first call where both is so counts.</summary>
    public void NoteOpen()
    {
        if (_registry.Events is { TellsConnections: true } events && State == ConnectionState.Open && Transport != TransportKind.Polling && _handler.Describe(this) is { } subject)
        {
            events.Opened(Id, subject);
        }
    }

    private void Reschedule()
    {
        var due = _heartbeat.NextPing;
        if (_reader.IsMidMessage)
        {
            due = Math.Min(due, _heartbeat.StallDue(Settings));
        }

        if (due != long.MaxValue)
        {
            Lane.Timers.Schedule(this, due);
        }
    }

    private sealed record CloseRequest(DisconnectCode Code);

    private sealed record HeardText(ReadOnlyMemory<byte> Text);

    private sealed class AbandonRequest
    {
        public static readonly AbandonRequest Instance = new();
    }
}
