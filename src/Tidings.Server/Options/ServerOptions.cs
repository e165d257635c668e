using Tidings.Options;
using Tidings.PostgreSql;
using Tidings.Redis;

namespace Tidings.Server.Options;

/// <summary>The options of the standalone server: those of the library, and its own.</summary>
internal sealed class ServerOptions
{
    /// <summary>What <c>AddTidings</c> takes.</summary>
    public TidingsOptions Tidings { get; } = new();

    /// <summary>Whether the start page at <c>/</c>, <c>/ws/echo</c>, the task <c>demo</c> (docs/guides/tasks.md) and the resource <c>items</c> (docs/guides/resources.md) are served;
    /// sizes and rates are then those of the preset <c>small</c> where neither a preset nor they are set. <c>./run</c> switches it on. Default false.</summary>
    public bool Demo { get; set; }

    /// <summary>Whether <c>http://</c> addresses become <c>https://</c> ones, unless some are already; with a development certificate where no other is configured (docs/security.md#tls). Default false.</summary>
    public bool Https { get; set; }

    /// <summary>Whether each request is logged, in one line, without what may be a token (docs/security.md#logs). Default false.</summary>
    public bool RequestLog { get; set; }

    /// <summary>The collector of OpenTelemetry that metrics and spans are sent to (docs/operations/monitoring.md#opentelemetry): over gRPC, and over HTTP where the port
    /// is 4318. Default none.</summary>
    [OptionForm("an address, as `http://127.0.0.1:4317`")]
    [SecretOption]
    public string? Otlp { get; set; }

    /// <summary>Proxies whose <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c> count (docs/security.md#proxies). Default empty: nobody's do.</summary>
    [OptionForm("addresses or networks, as `10.0.0.5` or `10.0.0.0/8`")]
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>What stands before all routes where a proxy passes it on, as <c>/push</c>. Default none.</summary>
    [OptionForm("begins with a slash and does not end with one")]
    public string? PathBase { get; set; }

    /// <summary>Where logs and what goes with them are kept: in memory, in the directory <c>Data</c>, on <c>Redis</c>, or on <c>PostgreSql</c> (docs/guides/postgres.md). Default auto: as <c>Data</c> and <c>Redis</c>
    /// say. The last is used where it is named here alone; it goes with neither of the two.</summary>
    public EngineKind Engine { get; set; }

    /// <summary>How PostgreSQL is reached, where tasks (docs/guides/tasks.md) and the demo's resource <c>items</c> with its outbox (docs/guides/resources.md) are to be kept; the tables are made
    /// where they are missing. With the engine <c>postgres</c> all that nodes share is there. Default none: in memory.</summary>
    [OptionForm("Npgsql's connection string, as `Host=…;Database=…`")]
    [SecretOption]
    public string? PostgreSql { get; set; }

    /// <summary>With the engine <c>postgres</c>, how long a publish waits while PostgreSQL is away, before it fails. Default 0: not at all.</summary>
    [OptionRange("0", "30s")]
    public TimeSpan PostgreSqlPublishWait { get; set; }

    /// <summary>The directory where a single node keeps its logs with their positions, idempotency keys, tasks, revocations and tickets, so that they survive it (docs/guides/data.md). It is made
    /// where it is missing, and one process at a time has it. Default none: in memory.</summary>
    [OptionForm("a directory of this machine, as `/var/lib/tidings`; not with `Redis`")]
    public string? Data { get; set; }

    /// <summary>The Redis servers that all nodes share (docs/guides/redis.md). Default none: a single node.</summary>
    [OptionForm("`host:port,password=…`, several separated by `;`")]
    [SecretOption]
    public string? Redis { get; set; }

    /// <summary>What every key and channel in Redis begins with: applications that share a server have each its own. Default <c>tidings:</c>.</summary>
    [OptionForm("1 to 64 letters, digits and `_ . : -`")]
    public string RedisPrefix { get; set; } = new RedisOptions().Prefix;

    /// <summary>How long a publish waits while Redis is away, before it fails. Default 0: not at all.</summary>
    [OptionRange("0", "30s")]
    public TimeSpan RedisPublishWait { get; set; }

    /// <summary>How many replicas of Redis must have a durable publish before it is accepted (docs/guides/redis.md#replicas). Where this is over 0 logs outlive a failover. Default 0.</summary>
    [OptionRange("0", "10")]
    public int RedisReplicas { get; set; }

    /// <summary>Whether what others say with plain <c>PUBLISH</c> is handed to the channel of that name (docs/guides/redis.md#plain-publish). Default false.</summary>
    public bool RedisBridge { get; set; }

    /// <summary>Secrets that all nodes share and Redis or PostgreSQL does not know: with the first, tickets, revocations, clients' names and nodes' requests there are sealed, with any they are
    /// opened (docs/guides/redis.md#who-may-write-in-redis). At most 8. Default none: nothing is sealed.</summary>
    [OptionForm("at least 32 characters each")]
    [SecretOption]
    public IList<string> ClusterKey { get; } = [];

    /// <summary>Whether what has no seal is dropped, where there is a `ClusterKey`; false while nodes get their first one. Default true.</summary>
    public bool ClusterKeyRequired { get; set; } = true;

    /// <summary>The certificate of <c>https://</c> addresses.</summary>
    public CertificateOptions Certificates { get; } = new();

    /// <summary>Who may see the dashboard.</summary>
    public DashboardOptions Dashboard { get; } = new();

    /// <summary>Whether several nodes share what is kept.</summary>
    internal bool IsShared => Redis is not null || Engine == EngineKind.Postgres;

    /// <summary>How many independent Redis servers are named.</summary>
    internal int RedisServers => Redis?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length ?? 0;

    /// <summary>The option that says what they share.</summary>
    internal string SharedKey => Redis is not null ? "Tidings:Redis" : "Tidings:PostgreSql";

    /// <summary>How the engine on PostgreSQL reaches it; null where another one is used.</summary>
    internal PostgreSqlOptions? ToPostgreSql()
    {
        if (Engine != EngineKind.Postgres || PostgreSql is null)
        {
            return null;
        }

        var postgreSql = new PostgreSqlOptions { ConnectionString = PostgreSql, PublishWait = PostgreSqlPublishWait, ClusterKeyRequired = ClusterKeyRequired };
        foreach (var key in ClusterKey)
        {
            postgreSql.ClusterKey.Add(key);
        }

        return postgreSql;
    }

    /// <summary>What is wrong with the choice of an engine.</summary>
    internal IEnumerable<string> EngineFaults()
    {
        if (this is { Data: not null, Redis: not null })
        {
            yield return "Tidings:Data (--data) keeps the logs of a single node and Tidings:Redis (--redis) those of many: only one of the two can be set.";
        }

        if (Engine == EngineKind.Postgres && PostgreSql is null)
        {
            yield return "Tidings:Engine is postgres, and Tidings:PostgreSql (--postgres) does not say where it is.";
        }

        if (Engine is not (EngineKind.Auto or EngineKind.Data) && Data is not null)
        {
            yield return $"Tidings:Engine (--engine) is {Engine.ToString().ToLowerInvariant()}, and Tidings:Data (--data) keeps the logs of a single node in a directory: only one of the two can be set.";
        }

        if (Engine is not (EngineKind.Auto or EngineKind.Redis) && Redis is not null)
        {
            yield return $"Tidings:Engine (--engine) is {Engine.ToString().ToLowerInvariant()}, and Tidings:Redis (--redis) keeps the logs on Redis: only one of the two can be set.";
        }

        if ((Engine == EngineKind.Data && Data is null) || (Engine == EngineKind.Redis && Redis is null))
        {
            yield return $"Tidings:Engine is {Engine.ToString().ToLowerInvariant()}, and Tidings:{Engine} does not say where it is.";
        }
    }

    /// <summary>How Redis is reached; null where it is not.</summary>
    internal RedisOptions? ToRedis()
    {
        if (Redis is null)
        {
            return null;
        }

        var redis = new RedisOptions { Configuration = Redis, Prefix = RedisPrefix, PublishWait = RedisPublishWait, Bridge = RedisBridge, Replicas = RedisReplicas, ClusterKeyRequired = ClusterKeyRequired };
        foreach (var key in ClusterKey)
        {
            redis.ClusterKey.Add(key);
        }

        return redis;
    }
}

/// <summary>Where logs and what goes with them are kept.</summary>
internal enum EngineKind
{
    /// <summary>As the other options say: in a directory, on Redis, else in memory.</summary>
    Auto,

    /// <summary>In the memory of a single node.</summary>
    Memory,

    /// <summary>In a directory of a single node.</summary>
    Data,

    /// <summary>On Redis, for many nodes.</summary>
    Redis,

    /// <summary>On PostgreSQL, for many nodes.</summary>
    Postgres,
}
