using Tidings.Options;

namespace Tidings;

/// <summary>Who may do something.</summary>
public enum ChannelAccess
{
    /// <summary>Everybody who may connect.</summary>
    Anyone,

    /// <summary>Everybody who is authenticated.</summary>
    Users,

    /// <summary>The server alone: its code and its API.</summary>
    Server,
}

/// <summary>What happens to a subscriber that lags behind.</summary>
public enum SlowConsumerPolicy
{
    /// <summary>It is closed with 1013 when its queue is full; it comes back and recovers.</summary>
    Disconnect,

    /// <summary>It misses messages, and is told so by a <c>gap</c>.</summary>
    Skip,
}

/// <summary>Who counts as a member of a channel.</summary>
public enum PresencePer
{
    /// <summary>A user, with all connections together; of somebody anonymous, each connection.</summary>
    User,

    /// <summary>Each connection by itself.</summary>
    Connection,
}

/// <summary>A kind of channels. Kinds are looked up in their order: the first whose pattern matches holds.</summary>
[Reloadable]
public sealed class ChannelOptions
{
    /// <summary>Which channels: <c>{x}</c> is one or more characters without <c>:</c>, a <c>*</c> at the end any rest. Required.</summary>
    [OptionForm("1 to 255 characters")]
    public string Pattern { get; set; } = "";

    /// <summary>How many messages of each channel are kept, from 0 to 100,000. Default 100.</summary>
    [OptionRange("0", "100000")]
    public int History { get; set; } = 100;

    /// <summary>How long a message is kept, at most 30 d. Default 1 h.</summary>
    [OptionRange("1ms", "30d")]
    public TimeSpan HistoryAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Whether the newest message of each key stays, whatever its age, for those who subscribe with <c>state</c> (docs/guides/channels.md). Default false.</summary>
    public bool State { get; set; }

    /// <summary>How many keys the state of each channel may have, from 1 to 1,000,000; over it publishing is refused with <c>too_many</c>. Default 10,000.</summary>
    [OptionRange("1", "1000000")]
    public int StateKeys { get; set; } = 10_000;

    /// <summary>How many bytes the keys and data of a channel's state may have in sum. Default 16 MB.</summary>
    [OptionRange("1KB", "1GB")]
    public long StateBytes { get; set; } = 16 << 20;

    /// <summary>Whether it is known who listens. Default false.</summary>
    public bool Presence { get; set; }

    /// <summary>Whether clients say the <c>info</c> of their members by themselves, by <c>subscribe</c> and <c>track</c>; what a hook or token says is then <c>user_info</c>. Only with <see cref="Presence"/>. Default false.</summary>
    public bool PresenceInfo { get; set; }

    /// <summary>Who is a member: each user, with all connections, or each connection. Default <see cref="Tidings.PresencePer.User"/>.</summary>
    public PresencePer PresencePer { get; set; }

    /// <summary>How long a member is still there after its last connection has left, at most 1 h; 0 for not at all. Default 5 s.</summary>
    [OptionRange("0", "1h")]
    public TimeSpan PresenceGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Which clients may publish on <c>/connect</c>, of those who may subscribe: <c>anyone</c>, <c>users</c>, <c>server</c>, or users whose id or claim is in the name (<c>user={id}</c>, <c>claim:team={team}</c>). Default <see cref="ChannelAccess.Server"/>: none.</summary>
    public ChannelRule Publish { get; set; } = ChannelAccess.Server;

    /// <summary>Which clients may subscribe and read the history, as <see cref="Publish"/> says it (docs/guides/channels.md). Default <see cref="ChannelAccess.Anyone"/>.</summary>
    public ChannelRule Subscribe { get; set; }

    /// <summary>A URL that is asked before each subscription (docs/guides/hooks.md). Default none.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? OnSubscribe { get; set; }

    /// <summary>A URL that is asked before each message of a client (docs/guides/hooks.md). Default none.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? OnPublish { get; set; }

    /// <summary>Whether messages bear the id of the connection that published them, as <c>connection</c> beside <c>from</c>. Default false.</summary>
    public bool Publisher { get; set; }

    /// <summary>What happens to a subscriber that lags behind: it is closed with 1013, or misses messages and is told by a <c>gap</c> (docs/operations/slow-consumers.md). Default <see cref="SlowConsumerPolicy.Disconnect"/>.</summary>
    public SlowConsumerPolicy SlowConsumers { get; set; }

    /// <summary>Names of the claims that its rules compare.</summary>
    internal IEnumerable<string> ClaimNames => new[] { Publish, Subscribe }.Select(static rule => rule.Claim).OfType<string>();
}
