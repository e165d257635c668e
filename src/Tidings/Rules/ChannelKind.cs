using System.Security.Claims;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Rules;

/// <summary>What holds for all channels whose name matches a pattern. Immutable.</summary>
internal sealed record ChannelKind(ChannelPattern Pattern)
{
    public Retention Retention { get; init; } = Retention.Default;

    /// <summary>Who may publish from outside.</summary>
    public ChannelAccess Publish { get; init; } = ChannelAccess.Server;

    /// <summary>Which of them, by what the channel's name says; null for all of them.</summary>
    public UserRule? PublishRule { get; init; }

    /// <summary>Who may subscribe and read the history.</summary>
    public ChannelAccess Subscribe { get; init; } = ChannelAccess.Anyone;

    /// <summary>Which of them, by what the channel's name says; null for all of them.</summary>
    public UserRule? SubscribeRule { get; init; }

    /// <summary>Whether no client may do anything in it, whatever a token says: who hears of it is decided elsewhere.</summary>
    public bool Closed { get; init; }

    /// <summary>Whether clients may subscribe only where channels that no kind matches are open (<see cref="ChannelKinds.UnmatchedAreOpen"/>).</summary>
    public bool IsOpenAsUnmatched { get; init; }

    /// <summary>The same kind, closed to clients without a grant.</summary>
    public ChannelKind Shut => field ??= this with { Subscribe = ChannelAccess.Server };

    /// <summary>Whether it is known who listens.</summary>
    public bool Presence { get; init; }

    /// <summary>How that is kept.</summary>
    public PresenceTerms PresenceTerms { get; init; } = PresenceTerms.Default;

    /// <summary>Whether clients say by themselves what is shown of their members.</summary>
    public bool PresenceInfo => Presence && PresenceTerms.Tracked;

    /// <summary>How many places a subscription takes of all that clients may have: somebody who is shown as present takes one more, and as many again as
    /// what it may say of itself.</summary>
    public int Places => !Presence ? 1 : PresenceTerms.Tracked ? 6 : 2;

    /// <summary>Whether messages say which connection published them.</summary>
    public bool Publisher { get; init; }

    /// <summary>What happens to a subscriber that lags behind.</summary>
    public SlowConsumerPolicy SlowConsumers { get; init; }

    /// <summary>Looks at each subscription before it begins, or null.</summary>
    public ISubscribeHandler? OnSubscribe { get; init; }

    /// <summary>Looks at each message from outside before it is published, or null.</summary>
    public IPublishHandler? OnPublish { get; init; }
}

/// <summary>What a handler has decided.</summary>
/// <param name="Refusal">Why not, or null where it may go on.</param>
/// <param name="Error">The text that goes with it.</param>
internal readonly record struct HandlerVerdict(ErrorCode? Refusal, string? Error)
{
    public static readonly HandlerVerdict Allow;

    /// <summary>A new value for the data, or null where it stays.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>A binary payload in the place of the data, or null.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>What is said where this is the verdict.</summary>
    public MessageData Change(MessageData data) =>
        Bytes is { } bytes ? new MessageData(DataKind.Binary, bytes) : Data is { } json ? new MessageData(DataKind.Json, json) : data;

    /// <summary>Whether the message is dropped though it counts as published.</summary>
    public bool Drop { get; init; }

    /// <summary>What is wrong with which field, where the refusal says so.</summary>
    public IReadOnlyList<FieldFault>? Details { get; init; }

    public static HandlerVerdict Refuse(ErrorCode code, string error) => new(code, error);
}

/// <summary>Code of the application, or a hook, that decides about subscriptions.</summary>
internal interface ISubscribeHandler
{
    ValueTask<HandlerVerdict> OnSubscribeAsync(ChannelPeer peer, string channel, CancellationToken cancellationToken);
}

/// <summary>Code of the application, or a hook, that decides about messages.</summary>
internal interface IPublishHandler
{
    ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, PublishRequest request, CancellationToken cancellationToken);
}

/// <summary>Code of the application, or a hook, that answers calls.</summary>
internal interface ICallHandler
{
    /// <returns>JSON in <see cref="HandlerVerdict.Data"/>, or a refusal.</returns>
    ValueTask<HandlerVerdict> OnCallAsync(ChannelPeer peer, string method, ReadOnlyMemory<byte> parameters, CancellationToken cancellationToken);
}

/// <summary>Who is at the other end, as handlers see it.</summary>
/// <param name="Connection">The connection's public id.</param>
/// <param name="User">The user's id, or null.</param>
internal sealed record ChannelPeer(string Connection, string? User)
{
    /// <summary>The user as the application's own authentication knows them, or null.</summary>
    public ClaimsPrincipal? Principal { get; init; }
}
