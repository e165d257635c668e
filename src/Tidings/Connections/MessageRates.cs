namespace Tidings.Connections;

/// <summary>Rates of content messages that several connections share: those of an address, of a user, of a channel. Safe from any thread.</summary>
/// <remarks>What is not limited costs nothing; what is, the clock and a look-up each, and no allocation for keys that are known.</remarks>
internal sealed class MessageRates
{
    private readonly KeyedRates<AddressKey>? _addresses;
    private readonly KeyedRates<string>? _users;
    private readonly KeyedRates<string>? _channels;
    private readonly TimeProvider _time;
    private readonly long _started;

    public MessageRates(ConnectionLimits limits, TimeProvider time)
    {
        _addresses = Make<AddressKey>(limits.MessagesPerIp);
        _users = Make<string>(limits.MessagesPerUser);
        _channels = Make<string>(limits.MessagesPerChannel);
        _time = time;
        _started = time.GetTimestamp();
    }

    /// <summary>Counts a message against its sender's address and user.</summary>
    /// <param name="address">Default where none is to be counted.</param>
    /// <param name="user">Null where there is none.</param>
    /// <param name="retryAfter">The milliseconds after which to try again, where it was refused.</param>
    /// <returns>Which limit refuses it, or null.</returns>
    public string? Refuse(AddressKey address, string? user, out int retryAfter)
    {
        retryAfter = 0;
        var ofAddress = address != default ? _addresses : null;
        var ofUser = user is not null ? _users : null;
        if (ofAddress is null && ofUser is null)
        {
            return null;
        }

        var now = Now;
        return ofUser is not null && (retryAfter = ofUser.TryTake(user!, now)) > 0 ? RateLimitName.User
            : ofAddress is not null && (retryAfter = ofAddress.TryTake(address, now)) > 0 ? RateLimitName.Ip
            : null;
    }

    /// <summary>Counts a message that goes into a channel.</summary>
    /// <returns>0, or the milliseconds after which to try again.</returns>
    public int TryPublish(string channel) => _channels?.TryTake(channel, Now) ?? 0;

    private long Now => (long)_time.GetElapsedTime(_started).TotalNanoseconds;

    private static KeyedRates<TKey>? Make<TKey>(RateLimit limit)
        where TKey : notnull => limit.PerSecond == 0 ? null : new KeyedRates<TKey>(limit);
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

    public static readonly string[] All = [Messages, Bytes, User, Ip, Channel, Subscribing, Api];
}
