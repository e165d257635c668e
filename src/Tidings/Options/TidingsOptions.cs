using Tidings.Options;

namespace Tidings;

/// <summary>All options of Tidings, read at the start; each has its key under <c>Tidings:</c> in the configuration. Some can change while the standalone server runs (docs/operations/reload.md).</summary>
public sealed class TidingsOptions
{
    /// <summary>How connections are kept alive.</summary>
    public HeartbeatOptions Heartbeat { get; } = new();

    /// <summary>Sizes, rates and numbers that bound what peers can ask for.</summary>
    public LimitOptions Limits { get; } = new();

    /// <summary>When nobody new is taken in because the process is hard-pressed.</summary>
    public OverloadOptions Overload { get; } = new();

    /// <summary>Compression of messages.</summary>
    public CompressionOptions Compression { get; } = new();

    /// <summary>Kinds of channels, looked up in this order. Default empty: clients may publish to <c>chat:*</c> and <c>room:*</c>, elsewhere
    /// the server alone, and 100 messages for an hour are kept.</summary>
    [Reloadable]
    public IList<ChannelOptions> Channels { get; } = [];

    /// <summary>Whether clients may subscribe to channels that no kind matches, and read them back. A token's <c>channels</c> opens a channel all the same, and
    /// <c>all</c>, <c>user:</c>, <c>task:</c>, <c>resource:</c> and text rooms have rules of their own. Default: closed where <see cref="RequireAuthentication"/> is set or a route of the channel protocol takes in nobody anonymous, otherwise open.</summary>
    [Reloadable]
    public UnmatchedChannels? UnmatchedChannels { get; set; }

    /// <summary>Which clients may send direct messages to users and connections (<c>send</c>, docs/guides/channels.md); a token's claim <c>send</c> goes before it. Default <see cref="ChannelAccess.Server"/>: none.</summary>
    [Reloadable]
    public ChannelAccess Send { get; set; } = ChannelAccess.Server;

    /// <summary>Back ends that are asked over HTTP.</summary>
    public HookOptions Hooks { get; } = new();

    /// <summary>Back ends that are told who came and went, which channels are occupied and what was said (docs/guides/events.md). At most 16. Default none.</summary>
    public IList<EventReceiverOptions> Events { get; } = [];

    /// <summary>How long a handler of the application may take for one message, subscription or call; then it is answered <c>timeout</c>. Default 10 s, from 10 ms to 10 min.</summary>
    [OptionRange("10ms", "10m")]
    public TimeSpan HandlerTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Clients by name.</summary>
    public ClientOptions Clients { get; } = new();

    /// <summary>Work that takes long.</summary>
    public TaskOptions Tasks { get; } = new();

    /// <summary>Streams of bytes that are kept.</summary>
    public StreamOptions Streams { get; } = new();

    /// <summary>The language of what the server itself says to people in text routes. Default <see cref="TidingsLanguage.En"/>.</summary>
    public TidingsLanguage Language { get; set; }

    /// <summary>The key of the server API and of <c>POST /broadcast</c>, sent as <c>Authorization: Bearer</c>: at least 16 characters. Default none: then
    /// <see cref="AdminKey"/> alone opens them (docs/security.md#keys-of-the-server-api).</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    [Reloadable]
    public string? ApiKey { get; set; }

    /// <summary>The key of who runs the server, which opens whatever <see cref="ApiKey"/> does, <c>/dashboard</c> (docs/guides/dashboard.md) and <c>POST /api/drain</c> (docs/operations/restarts.md): at least 16 characters. Default none: the standalone server makes one (docs/security.md#the-made-admin-key), an application has none.</summary>
    [OptionForm("at least 16 characters, not the API key")]
    [SecretOption]
    [Reloadable]
    public string? AdminKey { get; set; }

    /// <summary>The key of workers that report the progress of tasks: at least 16 characters (docs/guides/tasks.md). <see cref="ApiKey"/> and <see cref="AdminKey"/> report too. Default none.</summary>
    [OptionForm("at least 16 characters, none of the others")]
    [SecretOption]
    [Reloadable]
    public string? WorkerKey { get; set; }

    /// <summary>Tokens by which clients say who they are.</summary>
    public JwtOptions Jwt { get; } = new();

    /// <summary>Clients and back ends that speak the Pusher protocol.</summary>
    public PusherOptions Pusher { get; } = new();

    /// <summary>Clients and back ends that speak the Centrifuge protocol.</summary>
    public CentrifugeOptions Centrifuge { get; } = new();

    /// <summary>Whether the server's own routes, on every transport, refuse clients that do not authenticate. Default false.</summary>
    public bool RequireAuthentication { get; set; }

    /// <summary>Origins besides the server's own whose pages may connect, as <c>https://app.example.com</c>; others get 403. Compared whole, without wildcards. Where it is set, the server's own
    /// host is a loopback one, one that it listens on, or one of <c>AllowedHosts</c> (docs/security.md#origins). Their
    /// pages may also read the answers of the HTTP transports, with cookies. Clients that send no <c>Origin</c> always may. Default empty: where a
    /// connection is not authenticated by cookie, every origin may.</summary>
    [OptionForm("scheme and host without a path")]
    [Reloadable]
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>What moves the bytes of WebSockets: lanes where they can be had (Linux, plain TCP or unix sockets, <c>UseTidings()</c>), or the web server's streams
    /// everywhere. With <c>lanes</c> the start fails where no address can have them. Default <see cref="PumpKind.Auto"/>.</summary>
    public PumpKind Pump { get; set; }

    /// <summary>Over how long a server that stops, or is told to drain, sends its clients away with 4100, evenly (docs/operations/restarts.md); with 0 all at once with 1001.
    /// It ends sooner when the last one has gone. The host's own time-out for stopping is at least 15 s more. Default 30 s; 0 with <c>--demo</c>, and in the environment
    /// Development.</summary>
    [OptionRange("0", "1h")]
    public TimeSpan? Drain { get; set; }
}

/// <summary>What clients may do in channels that no kind matches.</summary>
public enum UnmatchedChannels
{
    /// <summary>Subscribe and read back, but not publish.</summary>
    Open,

    /// <summary>Nothing, unless a token says so.</summary>
    Closed,
}

/// <summary>What moves the bytes of WebSockets.</summary>
public enum PumpKind
{
    /// <summary>Lanes where they can be had: Linux, plain TCP, and a host that called <c>UseTidings</c>. Streams elsewhere.</summary>
    Auto,

    /// <summary>Lanes, or the start fails.</summary>
    Lanes,

    /// <summary>The streams that the server gives after the handshake.</summary>
    Streams,
}

/// <summary>How connections are kept alive.</summary>
public sealed class HeartbeatOptions
{
    /// <summary>How often a peer is asked for a sign of life; silent for two intervals, it is closed with 1001. A client that connects with <c>?ping=frame</c> gets protocol pings without the text. Default 30 s; 0 switches the heartbeat off; otherwise from 100 ms to 1 h.</summary>
    [OptionRange("100ms", "1h", Zero = "off")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);
}
