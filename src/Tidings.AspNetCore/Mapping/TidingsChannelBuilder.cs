using System.Diagnostics.CodeAnalysis;
using Tidings;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Mapping;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Presence;
using Tidings.Rules;

namespace Microsoft.AspNetCore.Builder;

/// <summary>What holds for a kind of channels. Each call takes effect at once, for subscriptions and messages that come after it.</summary>
public sealed class TidingsChannelBuilder
{
    private readonly Edge _tidings;
    private ChannelKind _kind;
    private bool _publishIsSet;
    private ChannelPolicy? _publishPolicy;
    private ChannelPolicy? _subscribePolicy;
    private IPublishHandler? _publishHandler;
    private ISubscribeHandler? _subscribeHandler;

    internal TidingsChannelBuilder(Edge tidings, ChannelKind kind)
    {
        _tidings = tidings;
        _kind = kind;
        tidings.Node.Kinds.Set(kind);
    }

    /// <summary>How much of each channel's log is kept. Without this call it is 100 messages for an hour.</summary>
    /// <param name="size">Messages, from 0 to 100,000.</param>
    /// <param name="age">How long each is kept, over 0 and at most 30 d; null for an hour.</param>
    public TidingsChannelBuilder WithHistory(int size, TimeSpan? age = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 100_000);
        var kept = age ?? Retention.Default.Age;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(kept, TimeSpan.Zero, nameof(age));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kept, TimeSpan.FromDays(30), nameof(age));
        return Set(_kind with { Retention = _kind.Retention with { Size = size, Age = kept } });
    }

    /// <summary>The newest message of each key stays, whatever its age, for those who subscribe with <c>state</c>.</summary>
    /// <param name="keys">How many keys each channel may have, from 1 to 1,000,000.</param>
    /// <param name="bytes">How many bytes its keys and data may have in sum, from 1 KB to 1 GB.</param>
    public TidingsChannelBuilder WithState(int keys = 10_000, long bytes = 16 << 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keys, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keys, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1 << 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, 1 << 30);
        return Set(_kind with { Retention = _kind.Retention with { State = new StateBounds(keys, bytes) } });
    }

    /// <summary>It is known who listens, and those who ask for it are told of joins and leaves.</summary>
    public TidingsChannelBuilder WithPresence() => Set(_kind with { Presence = true });

    /// <summary>The same, as it is kept for these channels.</summary>
    /// <param name="info">Whether clients say the <c>info</c> of their members by themselves; what a hook or token says is then <c>user_info</c>.</param>
    /// <param name="per">Who is a member: each user, or each connection.</param>
    /// <param name="grace">How long a member is still there after its last connection has left, from 0 to an hour; null for 5 s.</param>
    public TidingsChannelBuilder WithPresence(bool info, PresencePer per = PresencePer.User, TimeSpan? grace = null)
    {
        var kept = grace ?? PresenceTerms.Default.Grace;
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, TimeSpan.Zero, nameof(grace));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kept, TimeSpan.FromHours(1), nameof(grace));
        return Set(_kind with { Presence = true, PresenceTerms = new PresenceTerms(kept, per == PresencePer.Connection, info) });
    }

    /// <summary>What happens to a subscriber that lags behind. Without this call it is closed, comes back and recovers.</summary>
    public TidingsChannelBuilder WithSlowConsumers(SlowConsumerPolicy policy) => Set(_kind with { SlowConsumers = policy });

    /// <summary>Which clients may publish. Without this call: all where there is a handler (<see cref="OnPublish"/>), which decides; none where there is none.</summary>
    public TidingsChannelBuilder AllowPublish(ChannelAccess access = ChannelAccess.Anyone)
    {
        _publishIsSet = true;
        return Set(_kind with { Publish = access, PublishRule = null });
    }

    /// <summary>Which clients may subscribe. Without this call: all.</summary>
    public TidingsChannelBuilder AllowSubscribe(ChannelAccess access) => Set(_kind with { Subscribe = access, SubscribeRule = null });

    /// <summary>Clients may publish whom a policy of ASP.NET Core's authorization allows it; the resource that it is asked about is the channel's
    /// name. It goes before <see cref="OnPublish"/>.</summary>
    /// <param name="policy">The policy's name.</param>
    /// <exception cref="InvalidOperationException">The application did not call <c>AddAuthorization</c>.</exception>
    public TidingsChannelBuilder AllowPublish(string policy)
    {
        _publishPolicy = ChannelPolicy.Find(_tidings, policy);
        return AllowPublish(ChannelAccess.Anyone);
    }

    /// <summary>The same for subscribing, reading back, and seeing who is present. It goes before <see cref="OnSubscribe"/>.</summary>
    /// <param name="policy">The policy's name.</param>
    /// <exception cref="InvalidOperationException">The application did not call <c>AddAuthorization</c>.</exception>
    public TidingsChannelBuilder AllowSubscribe(string policy)
    {
        _subscribePolicy = ChannelPolicy.Find(_tidings, policy);
        return AllowSubscribe(ChannelAccess.Anyone);
    }

    /// <summary>Looks at each message that a client publishes, before anybody gets it. What the server's own code publishes does not pass here.</summary>
    /// <remarks>
    /// Parameters: the message from its JSON; the pattern's values by name, parsed to the parameter's type; services, of a scope of this
    /// call's own; <see cref="System.Security.Claims.ClaimsPrincipal"/>, <see cref="ChannelCaller"/>, <see cref="CancellationToken"/>. JSON
    /// that does not fit is refused with <c>bad_request</c> and the names of the fields. The handler runs on the thread pool, for one
    /// connection one at a time and in order, and for at most <c>Tidings:HandlerTimeout</c>; an exception is logged and answered <c>internal</c>.
    /// </remarks>
    /// <param name="handler">Any delegate, asynchronous or not. A value that it returns takes the place of the data; <see cref="PublishResult"/>
    /// drops or refuses; false refuses; nothing, or true, lets the message pass.</param>
    /// <exception cref="ArgumentException">A parameter has no source.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsChannelBuilder OnPublish(Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var bound = Bind(handler, HandlerData.Message);
        _publishHandler = new ApplicationPublishHandler(_tidings.Handlers, bound, _tidings.HandlerJson);
        _tidings.Contract.AddChannel(ChannelContract.Of(_kind.Pattern.Text, bound));
        return Set(_kind with { Publish = _publishIsSet ? _kind.Publish : ChannelAccess.Anyone });
    }

    /// <summary>Looks at each subscription that a client asks for, as <see cref="OnPublish"/> does at messages.</summary>
    /// <param name="handler">Any delegate, asynchronous or not, that returns <see cref="SubscribeResult"/>, <see cref="bool"/> or nothing.</param>
    /// <exception cref="ArgumentException">A parameter has no source, or the handler returns something else.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsChannelBuilder OnSubscribe(Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _subscribeHandler = new ApplicationSubscribeHandler(_tidings.Handlers, Bind(handler, HandlerData.None));
        return Set(_kind);
    }

    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    private HandlerDelegate Bind(Delegate handler, HandlerData data)
    {
        var bound = new HandlerDelegate(handler, _kind.Pattern, data, _tidings.Provider, _tidings.HandlerJson);
        _tidings.Authentication.KeepsPrincipals |= bound.WantsPrincipal;
        return bound;
    }

    private TidingsChannelBuilder Set(ChannelKind kind)
    {
        _kind = kind with
        {
            OnPublish = _publishPolicy is null ? _publishHandler : new PolicyPublishHandler(_publishPolicy, _publishHandler),
            OnSubscribe = _subscribePolicy is null ? _subscribeHandler : new PolicySubscribeHandler(_subscribePolicy, _subscribeHandler),
        };
        _tidings.Node.Kinds.Set(_kind);
        return this;
    }
}
