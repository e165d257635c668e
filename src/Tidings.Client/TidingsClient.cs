using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Client.Commands;
using Tidings.Client.Connecting;
using Tidings.Client.Contracts;
using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// A connection to a Tidings server that comes back by itself and misses nothing: over WebSocket, Server-Sent Events or long polling,
/// whichever the network lets through. Safe from any thread.
/// </summary>
/// <remarks>It connects at the first call that needs it, and ends when it is disposed.</remarks>
public sealed partial class TidingsClient : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly TidingsClientOptions _options;
    private readonly ServerAddress _server;
    private readonly Func<double> _random;
    private readonly Outbox _outbox;
    private readonly ChannelTable _channels;
    private readonly ClientToken _token;
    private readonly HttpMessageInvoker _http;
    private readonly RequestHeaders _headers;
    private readonly Uri _tasks;
    private readonly ConnectionLoop _loop;
    private readonly ILogger _log;
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Session? _session;
    private volatile ClientState _state;
    private bool _disposed;
    private Task? _running;
    private TidingsException? _closed;

    /// <summary>Makes a client; it does not connect yet.</summary>
    /// <param name="address">Of the server's <c>/connect</c>: ws, wss, http or https.</param>
    /// <param name="options">How to connect; null for the defaults.</param>
    /// <exception cref="ArgumentException">The address or an option is wrong.</exception>
    public TidingsClient(Uri address, TidingsClientOptions? options = null)
        : this(address, options, new Random().NextDouble)
    {
    }

    /// <param name="address">Of the server's <c>/connect</c>.</param>
    /// <param name="options">How to connect.</param>
    /// <param name="random">From 0 up to but not including 1.</param>
    /// <param name="find">Opens a transport for a token; null for those of the options.</param>
    internal TidingsClient(
        Uri address, TidingsClientOptions? options, Func<double> random, Func<string?, CancellationToken, Task<OpenTransport>>? find = null)
    {
        _options = options ?? new TidingsClientOptions();
        _options.Validate();
        var server = _server = new ServerAddress(address);
        _random = random;
        _tasks = _options.TasksAddress ?? new Uri(server.Http, "api/tasks");
        _log = _options.LoggerFactory?.CreateLogger<TidingsClient>() ?? (ILogger)NullLogger.Instance;
        _outbox = new Outbox(_options.OutgoingLimit, _options.OutgoingBytes, _options.TimeProvider);
        _channels = new ChannelTable(told => Call(ServerChannelTold, told), _options.TimeProvider);
        _token = new ClientToken(_options.Token, _log);
        _http = new HttpMessageInvoker(
            _options.HttpHandler ?? ClientPlatform.NewHandler(), disposeHandler: _options.HttpHandler is null);
        _headers = new RequestHeaders(_options);
        find ??= new TransportFinder(server, _options, _http, _headers, _channels, _log).FindAsync;
        var plan = new ReconnectPlan(_options.MaxRetries, _token.CanRenew, random);
        _loop = new ConnectionLoop(find, plan, _token, Attach, Detach, Tell, _options.TimeProvider, _log);
    }

    /// <summary>Every step from one state to another, in order. Must not take long: the client waits for it.</summary>
    public event Action<ClientStateChange>? StateChanged;

    /// <summary>Messages to this user or connection alone. Must not take long: the client waits for it.</summary>
    public event Action<DirectMessage>? DirectReceived;

    /// <summary>
    /// Messages and gaps of channels to which the server subscribed the client by itself: <c>all</c>, and the user's own. Once the application
    /// subscribes to one of them, that subscription has them. Must not take long: the client waits for it.
    /// </summary>
    public event Action<ChannelEvent>? ServerChannelTold;

    /// <summary>What the client is doing now.</summary>
    public ClientState State => _state;

    /// <summary>What carries the channels; null while not connected.</summary>
    public ClientTransport? Transport => _session?.Kind;

    /// <summary>The connection's id, to which others may send; null while not connected, and over polling.</summary>
    public string? Connection => _session?.Connected.Text("connection");

    /// <summary>The user's id; null for somebody anonymous, while not connected, and over polling.</summary>
    public string? User => _session?.Connected.Text("user");

    /// <summary>Connects where it has not yet, and waits until the client is connected.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsDisconnectedException">The client is away for good.</exception>
    public Task ConnectAsync(CancellationToken cancellationToken = default)
    {
        Start();
        lock (_gate)
        {
            return _connected.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Subscribes to a channel, now or as soon as the client is connected.</summary>
    /// <remarks>Of one channel there may be several subscriptions, each with its own beginning, loop and end; the server knows one.</remarks>
    /// <param name="channel">The channel's name.</param>
    /// <param name="options">Where to begin and what it brings; null for what is published from now on.</param>
    /// <exception cref="ArgumentException">It is no channel name, or an option is out of range.</exception>
    /// <exception cref="TidingsDisconnectedException">The client is away for good.</exception>
    public ChannelSubscription Subscribe(string channel, SubscribeOptions? options = null)
    {
        options ??= new SubscribeOptions();
        Check(channel);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Last, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueLength, 16);
        if (options.Load is not null)
        {
            return options is { Since: null, Last: 0 }
                ? new ChannelSubscription(this, new LoadedChannel(this, channel, options, _options.TimeProvider, _random))
                : throw new ArgumentException("Load must not stand beside Since or Last.", nameof(options));
        }

        return Follow(channel, options, null);
    }

    /// <summary>Members of a subscription.</summary>
    internal ChannelMembers NewMembers() => new(error => ClientLog.HandlerFailed(_log, error));

    /// <summary>Subscribes without a state of the application's own.</summary>
    /// <param name="channel">The channel's name.</param>
    /// <param name="options">Without <see cref="SubscribeOptions.Load"/>.</param>
    /// <param name="members">Where members are kept that outlive the subscription; null for its own.</param>
    internal ChannelSubscription Follow(string channel, SubscribeOptions options, ChannelMembers? members)
    {
        var feed = new ChannelFeed(channel, options, _channels.Own, members ?? NewMembers()) { Beginning = Begin, Behind = ReadHistory, PresenceUnknown = ReadPresence };
        lock (_gate)
        {
            ThrowIfClosed_NeedsLock();
            var (shared, isNew) = _channels.Add(feed);
            if (isNew)
            {
                _session?.Subscriber.Subscribe(shared);
            }
            else
            {
                _session?.Subscriber.Join(shared, feed);
            }
        }

        Start();
        return new ChannelSubscription(this, feed);
    }

    /// <summary>Says goodbye where it is connected; a second time it changes nothing. Loops get what is queued and end; calls that wait fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_gate)
        {
            running = _running ??= _disposed ? Task.CompletedTask : null;
            _disposed = true;
        }

        await _end.CancelAsync().ConfigureAwait(false);
        if (running is not null)
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else
        {
            Close(null);
        }

        _http.Dispose();
    }

    internal void Unsubscribe(ChannelFeed feed)
    {
        lock (_gate)
        {
            if (_channels.Remove(feed))
            {
                _session?.Subscriber.Unsubscribe(feed.Channel);
            }
        }

        feed.Complete(null);
    }

    private static void Check(string channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (!ChannelName.IsValid(channel))
        {
            throw new ArgumentException($"\"{channel}\" is no channel name.", nameof(channel));
        }
    }

    private void Start()
    {
        lock (_gate)
        {
            ThrowIfClosed_NeedsLock();
            _running ??= Task.Run(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        SessionEnd? end = null;
        try
        {
            end = await _loop.RunAsync(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception error)
        {
            ClientLog.Failed(_log, error);
            end = new SessionEnd(DisconnectCode.Abnormal, Cause: error);
        }

        Close(end);
    }

    private void Close(SessionEnd? end)
    {
        var reason = end?.Code;
        var error = new TidingsDisconnectedException(reason ?? new DisconnectCode(1000, "Disposed"), end?.Cause);
        lock (_gate)
        {
            _closed = error;
            _connected.TrySetException(error);
            _ = _connected.Task.Exception;
        }

        _outbox.Close(error);
        _channels.Complete(reason is null or { Code: 1000 } ? null : error);
        _end.Cancel();
        Tell(new ClientStateChange(ClientState.Closed, Reason: reason));
    }

    private Session Attach(OpenTransport open)
    {
        var session = new Session(open, _channels, _outbox, _token, this, _options, told => Call(DirectReceived, told), _log);
        _channels.Servers.OnConnected(open.Connected, _channels.Holds);
        _channels.Own.User = open.Connected.Text("user");
        _channels.Own.LeavesOutUnwanted = session.Kind != ClientTransport.WebSocket;
        lock (_gate)
        {
            _session = session;
            foreach (var channel in _channels.All)
            {
                session.Subscriber.Subscribe(channel);
            }

            _connected.TrySetResult();
        }

        _outbox.Open();
        return session;
    }

    private void Detach()
    {
        lock (_gate)
        {
            _session = null;
            if (_connected.Task.IsCompleted)
            {
                _connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        _outbox.Lose();
        foreach (var channel in _channels.All)
        {
            channel.Suspend();
        }
    }

    private void Begin(ChannelFeed feed)
    {
        lock (_gate)
        {
            if (_session is { } session && _channels.Find(feed.Channel) is { } channel)
            {
                session.Subscriber.Begin(channel, feed);
            }
        }
    }

    private void ReadHistory(ChannelFeed feed)
    {
        lock (_gate)
        {
            if (_session is { } session)
            {
                session.Subscriber.ReadHistory(feed);
                return;
            }
        }

        feed.OnHistoryFailed(again: false);
    }

    private void ReadPresence(ChannelFeed feed)
    {
        lock (_gate)
        {
            _session?.Subscriber.ReadPresence(feed);
        }
    }

    private void ThrowIfClosed_NeedsLock()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_closed is not null)
        {
            throw _closed;
        }
    }

    private void Tell(ClientStateChange change)
    {
        _state = change.State;
        Call(StateChanged, change);
    }

    internal ILogger Log => _log;

    internal void Call<T>(Action<T>? handlers, T told)
    {
        try
        {
            handlers?.Invoke(told);
        }
        catch (Exception error)
        {
            ClientLog.HandlerFailed(_log, error);
        }
    }
}
