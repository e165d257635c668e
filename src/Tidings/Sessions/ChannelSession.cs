using System.Security.Cryptography;
using System.Text;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Presence;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Sessions;

/// <summary>What the channel protocol keeps of one connection. Belongs to the connection's lane.</summary>
internal sealed class ChannelSession(Connection connection, string id, SessionDialect dialect) : IRecipient
{
    // Most connections have a few channels: a list is smaller than a dictionary, and as fast.
    private const int Few = 8;

    private readonly List<ChannelMembership> _list = new(1);
    private Dictionary<string, ChannelMembership>? _index;

    public Connection Connection => connection;

    /// <summary>The words of its wire.</summary>
    public SessionDialect Dialect => dialect;

    /// <summary>The connection's public id.</summary>
    public string Id => id;

    /// <summary>Whether it is one request of HTTP that says something, and hears nothing.</summary>
    public bool IsRequest { get; init; }

    /// <summary>By what, beside <see cref="Id"/>, the client is known where it says something in another way than over the connection; null where it does not.</summary>
    public string? Secret { get; init; }

    /// <summary>Takes what the client says in another way, where it shows the secret.</summary>
    public bool TryHear(string? secret, ReadOnlyMemory<byte> text)
    {
        if (Secret is null || secret is null || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(secret)))
        {
            return false;
        }

        connection.Hear(text);
        return true;
    }

    /// <summary>The stream of events that its request says it belongs to; null where it named none.</summary>
    public StreamClaim? Stream { get; set; }

    /// <summary>The public id of the connection that hears what is said to this session; null where there is none.</summary>
    public string? HearingId => IsRequest ? Stream is { IsHere: true } stream ? stream.Id : null : id;

    /// <summary>Who it is; null while anonymous.</summary>
    public Identity? Identity => connection.Identity;

    public string? User => Identity?.User;

    /// <summary>JSON about the user that presence shows, as the hook or else the token says it; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Info
    {
        get => field.IsEmpty ? Identity?.Info : field;
        set;
    }

    /// <summary>In whose name it is present: nobody anonymous can look like a user.</summary>
    public string PresenceName => User ?? "~" + id;

    public ChannelPeer Peer => new(id, User) { Principal = Identity?.Principal };

    public int Count => _list.Count;

    /// <summary>How many of the subscriptions the server made, which count against no limit.</summary>
    public int ByServer { get; private set; }

    public IReadOnlyList<ChannelMembership> All => _list;

    public bool Ended { get; set; }

    public TokenBucket Subscribing;

    /// <summary>Tells what came of a command.</summary>
    public void Answer(Command command, Outcome outcome)
    {
        if (dialect.Answer(command, outcome) is { } frame)
        {
            connection.Send(frame);
        }
    }

    /// <summary>Tells something that was not asked for.</summary>
    public void Say(Notice notice)
    {
        if (dialect.Say(notice) is { } frame)
        {
            connection.Send(frame);
        }
    }

    public ChannelMembership? Find(string channel)
    {
        if (_index is not null)
        {
            return _index.GetValueOrDefault(channel);
        }

        foreach (var membership in _list)
        {
            if (membership.Channel == channel)
            {
                return membership;
            }
        }

        return null;
    }

    public void Add(ChannelMembership membership)
    {
        ByServer += membership.ByServer ? 1 : 0;
        _list.Add(membership);
        if (_index is not null)
        {
            _index.Add(membership.Channel, membership);
        }
        else if (_list.Count > Few)
        {
            _index = _list.ToDictionary(static item => item.Channel, StringComparer.Ordinal);
        }
    }

    /// <summary>Whether its subscription to the channel grants publishing there, whatever the channel's kind says.</summary>
    public bool MayPublishBySubscription(string channel) => Find(channel)?.Grant?.Identity.Grants?.Allow(channel, TokenActions.Publish) == true;

    /// <summary>Who asks for something in a channel that is subscribed to: where a token of its own grants the subscription, that is what is granted there, too.</summary>
    public Identity? IdentityIn(string channel) => Find(channel)?.Grant?.Identity ?? Identity;

    /// <summary>The session's user with what a subscription grants in one channel, for as long as the connection is theirs.</summary>
    public Identity Grant(string channel) => new()
    {
        User = PresenceName,
        TokenId = Identity?.TokenId,
        IssuedAt = Identity?.IssuedAt ?? connection.Registry.Revocations.Clock.Now,
        IssuedHere = Identity?.IssuedHere ?? true,
        SeenAt = Identity?.SeenAt ?? 0,
        Grants = ChannelGrants.Of(channel, ChannelGrants.OfSubscription),
    };

    public void Remove(ChannelMembership membership)
    {
        // Which of many is taken out does not depend on its place: the last one takes it.
        var index = _list.IndexOf(membership);
        _list[index] = _list[^1];
        _list.RemoveAt(_list.Count - 1);
        ByServer -= membership.ByServer ? 1 : 0;
        _index?.Remove(membership.Channel);
    }
}

/// <summary>The stream that a request says it belongs to.</summary>
/// <param name="Id">The stream's public id.</param>
/// <param name="IsHere">Whether it is open on this node and the request's own: the same user's, or of the same address where both are anonymous.</param>
internal sealed record StreamClaim(string Id, bool IsHere);

/// <summary>What few subscriptions ask for beside the messages.</summary>
/// <param name="Presence">Where it is told who comes and goes, or null.</param>
/// <param name="Occupancy">Where it is told how many subscribe, or null.</param>
internal sealed record Watches(Subscription? Presence, Subscription? Occupancy);

/// <summary>A channel that a session has subscribed to.</summary>
internal sealed record ChannelMembership(string Channel, ChannelKind Kind, Subscription Subscription)
{
    /// <summary>Its places beside the channel; null where it asked for none.</summary>
    public Watches? Watches { get; init; }

    /// <summary>Its place beside the channel where joins, leaves and updates are told; null where they were not asked for.</summary>
    public Subscription? Watch => Watches?.Presence;

    /// <summary>Whether the server subscribed, and not the client.</summary>
    public bool ByServer => Share is null;

    /// <summary>Whose share of all subscriptions it counts against; null where the server subscribed.</summary>
    public SenderShare? Share { get; init; }

    /// <summary>Whether the channel keeps messages that this subscriber may read back.</summary>
    public bool IsRecoverableBy(ChannelSession session) =>
        Kind.Retention.Size > 0 && Permissions.MayReadHistory(Kind, Channel, Grant?.Identity ?? session.Identity);

    /// <summary>How many places it takes there.</summary>
    public int Places => Kind.Places;

    /// <summary>In whose name it is present here.</summary>
    public required string PresenceName { get; set; }

    /// <summary>What a token of its own grants; null where the connection's rights do.</summary>
    public SubscriptionGrant? Grant { get; set; }

    /// <summary>In whose name it is present where a proof says so, and what is shown; null where the session's user is.</summary>
    public ProvenMember? Member { get; init; }

    /// <summary>The session's part in the channel's presence.</summary>
    public Attendance AttendanceOf(ChannelSession session) => new(Channel, PresenceName, session.Id, Kind.PresenceTerms, Member?.Info ?? session.Info);
}
