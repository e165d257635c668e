using Tidings.Connections;

namespace Tidings.Quotas;

/// <summary>All rates that more than one connection or request counts against: those of an address, a user, a channel. Safe from any thread.</summary>
/// <remarks>What is not limited costs nothing; what is, the clock and a look-up each, and no allocation for keys that are known. A connection's own
/// rates are <see cref="InboundLimits"/>.</remarks>
internal sealed class Rates
{
    private readonly RateLimits _limits;
    private readonly KeyedRates<AddressKey>? _addresses;
    private readonly KeyedRates<string>? _users;
    private readonly KeyedRates<string>? _channels;
    private readonly KeyedRates<Sender>? _questions;
    private readonly KeyedRates<Sender>? _postedMessages;
    private readonly KeyedRates<Sender>? _postedQuestions;
    private readonly KeyedRates<AddressKey>? _handshakes;
    private readonly TimeProvider _time;
    private readonly long _started;

    public Rates(RateLimits limits, TimeProvider time)
    {
        _limits = limits;
        _addresses = Make<AddressKey>(limits.MessagesPerIp.Rate);
        _users = Make<string>(limits.MessagesPerUser.Rate);
        _channels = Make<string>(limits.MessagesPerChannel);
        _questions = Make<Sender>(limits.QuestionsPerSender.Rate);
        _postedMessages = Make<Sender>(limits.PostedMessages);
        _postedQuestions = Make<Sender>(limits.PostedQuestions);
        _handshakes = Make<AddressKey>(limits.HandshakesPerIp.Rate);
        _time = time;
        _started = time.GetTimestamp();
    }

    /// <summary>Counts a message against its sender: the user, else the address.</summary>
    /// <param name="address">Default where none is to be counted.</param>
    /// <param name="user">Null where there is none.</param>
    /// <returns>Which limit refuses it, and for how long.</returns>
    public RateRefusal Refuse(AddressKey address, string? user)
    {
        var ofUser = user is not null && !IsExempt(_limits.MessagesPerUser, address) ? _users : null;
        var ofAddress = (user is null || _limits.MessagesPerIp.IsSet) && address != default && !IsExempt(_limits.MessagesPerIp, address) ? _addresses : null;
        if (ofUser is null && ofAddress is null)
        {
            return default;
        }

        var now = Now;
        return ofUser is not null && ofUser.TryTake(user!, now) is var wait and > 0 ? new RateRefusal(RateLimitName.User, wait)
            : ofAddress is not null && (wait = ofAddress.TryTake(address, now)) > 0 ? new RateRefusal(RateLimitName.Ip, wait)
            : default;
    }

    /// <summary>Counts a subscription, or a question such as a history, against its sender.</summary>
    /// <inheritdoc cref="Refuse"/>
    public RateRefusal RefuseQuestion(AddressKey address, string? user) =>
        _questions is null || (address == default && user is null) || IsExempt(_limits.QuestionsPerSender, address) ? default
            : Of(_questions.TryTake(Sender.Of(user, address), Now), user);

    /// <summary>Counts a message that came by a request of its own. A sender has as many as a connection would have.</summary>
    public RateRefusal RefusePostedMessage(AddressKey address, string? user) => RefusePosted(_postedMessages, RateLimitName.Messages, address, user);

    /// <summary>The same of a question.</summary>
    public RateRefusal RefusePostedQuestion(AddressKey address, string? user) => RefusePosted(_postedQuestions, RateLimitName.Subscribing, address, user);

    /// <summary>Counts a message that goes into a channel.</summary>
    public RateRefusal RefusePublish(string channel) => _channels?.TryTake(channel, Now) is { } wait and > 0 ? new RateRefusal(RateLimitName.Channel, wait) : default;

    /// <summary>Counts a handshake.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int RefuseHandshake(AddressKey address) =>
        _handshakes is null || address == default || IsExempt(_limits.HandshakesPerIp, address) ? 0 : _handshakes.TryTake(address, Now);

    private long Now => (long)_time.GetElapsedTime(_started).TotalNanoseconds;

    private bool IsExempt(SharedLimit limit, AddressKey address) => _limits.ExemptsLoopback && !limit.IsSet && address.IsLoopback;

    private RateRefusal RefusePosted(KeyedRates<Sender>? rates, string limit, AddressKey address, string? user) =>
        rates?.TryTake(Sender.Of(user, address), Now) is { } wait and > 0 ? new RateRefusal(limit, wait) : default;

    private static RateRefusal Of(int wait, string? user) => wait > 0 ? new RateRefusal(user is null ? RateLimitName.Ip : RateLimitName.User, wait) : default;

    private static KeyedRates<TKey>? Make<TKey>(RateLimit limit)
        where TKey : notnull => limit.PerSecond == 0 ? null : new KeyedRates<TKey>(limit);
}

/// <summary>The rates that connections share; without a limit where it is not set.</summary>
internal sealed record RateLimits
{
    /// <summary>Content messages from one address; those of users only where it is set.</summary>
    public SharedLimit MessagesPerIp { get; init; }

    /// <summary>Content messages of one user.</summary>
    public SharedLimit MessagesPerUser { get; init; }

    /// <summary>What clients publish into one channel.</summary>
    public RateLimit MessagesPerChannel { get; init; }

    /// <summary>Subscriptions, streams, polls and questions of one sender.</summary>
    public SharedLimit QuestionsPerSender { get; init; }

    /// <summary>Content messages of one sender that come by requests of their own.</summary>
    public RateLimit PostedMessages { get; init; }

    /// <summary>Questions of one sender that come by requests of their own.</summary>
    public RateLimit PostedQuestions { get; init; }

    /// <summary>Handshakes of one address.</summary>
    public SharedLimit HandshakesPerIp { get; init; }

    /// <summary>Whether loopback has none of the rates of addresses and users that nobody has set: the demo, where one machine plays them all.</summary>
    public bool ExemptsLoopback { get; init; }
}

/// <summary>A rate of an address or a user.</summary>
/// <param name="Rate">The rate.</param>
/// <param name="IsSet">Whether it was asked for, in the place of the default.</param>
internal readonly record struct SharedLimit(RateLimit Rate, bool IsSet = false)
{
    public int PerSecond => Rate.PerSecond;
}

/// <summary>Why a rate refuses something; the default value refuses nothing.</summary>
/// <param name="Limit">Which limit, as metrics call it.</param>
/// <param name="RetryAfter">The milliseconds after which to try again.</param>
internal readonly record struct RateRefusal(string? Limit, int RetryAfter)
{
    public bool Refuses => Limit is not null;

    /// <summary>The limit, where others than the connection that asks may have used it up.</summary>
    public string? SharedLimit => Limit is RateLimitName.Ip or RateLimitName.User or RateLimitName.Channel ? Limit : null;
}

/// <summary>What limits on rates are called in metrics.</summary>
internal static class RateLimitName
{
    public const string Messages = "messages";
    public const string Bytes = "bytes";
    public const string User = "user";
    public const string Ip = "ip";
    public const string Channel = "channel";
    public const string Subscribing = "subscribing";
    public const string Api = "api";
    public const string Bodies = "bodies";
    public const string Keys = "keys";

    public static readonly string[] All = [Messages, Bytes, User, Ip, Channel, Subscribing, Api, Bodies, Keys];
}
