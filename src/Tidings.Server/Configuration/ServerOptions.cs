using Tidings.Redis;

namespace Tidings.Server.Configuration;

/// <summary>The options of the standalone server: those of the library, and its own.</summary>
internal sealed class ServerOptions
{
    /// <summary>What <c>AddTidings</c> takes.</summary>
    public TidingsOptions Tidings { get; } = new();

    /// <summary>Whether the start page and the demo routes are served. Default false.</summary>
    public bool Demo { get; set; }

    /// <summary>Whether <c>http://</c> addresses become <c>https://</c> ones, with a development certificate where no other is configured. Default false.</summary>
    public bool Https { get; set; }

    /// <summary>Whether each request is logged, in one line, without what may be a token. Default false.</summary>
    public bool RequestLog { get; set; }

    /// <summary>Proxies whose forwarded headers count, by address or as networks (<c>10.0.0.0/8</c>). Default empty: nobody's do.</summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>What stands before all routes where a proxy passes it on, as <c>/push</c>. Default none.</summary>
    public string? PathBase { get; set; }

    /// <summary>How PostgreSQL is reached (Npgsql's connection string), where tasks, resources and their outbox are to be kept. Default none: in memory.</summary>
    public string? PostgreSql { get; set; }

    /// <summary>The Redis servers that nodes share (<see cref="RedisOptions.Configuration"/>). Default none: a single node.</summary>
    public string? Redis { get; set; }

    /// <inheritdoc cref="RedisOptions.Prefix"/>
    public string RedisPrefix { get; set; } = new RedisOptions().Prefix;

    /// <inheritdoc cref="RedisOptions.PublishWait"/>
    public TimeSpan RedisPublishWait { get; set; }

    /// <inheritdoc cref="RedisOptions.Bridge"/>
    public bool RedisBridge { get; set; }

    /// <summary>The certificate of <c>https://</c> addresses.</summary>
    public CertificateOptions Certificates { get; } = new();

    /// <summary>How Redis is reached; null where it is not.</summary>
    internal RedisOptions? ToRedis() => Redis is null ? null : new RedisOptions
    {
        Configuration = Redis,
        Prefix = RedisPrefix,
        PublishWait = RedisPublishWait,
        Bridge = RedisBridge,
    };
}
