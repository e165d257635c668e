using StackExchange.Redis;

namespace Tidings.Redis.Servers;

/// <summary>What a server has answered. Each conversion reads one level: what is inside is read when it is asked for.</summary>
internal readonly struct RedisAnswer(RedisResult? result)
{
    private readonly RedisResult? _result = result;

    public bool IsNull => _result is null or { IsNull: true };

    public static explicit operator RedisAnswer[](RedisAnswer answer) =>
        (RedisResult[]?)answer._result is { } parts ? Array.ConvertAll(parts, static part => new RedisAnswer(part)) : null!;

    public static explicit operator string[](RedisAnswer answer) => ((string[]?)answer._result)!;

    public static explicit operator string(RedisAnswer answer) => ((string?)answer._result)!;

    public static explicit operator byte[](RedisAnswer answer) => ((byte[]?)answer._result)!;

    public static explicit operator long(RedisAnswer answer) => (long)answer._result!;

    public static explicit operator int(RedisAnswer answer) => (int)answer._result!;

    public static explicit operator bool(RedisAnswer answer) => (bool)answer._result!;
}
