using TestKit;

namespace Tidings.Faults.World;

/// <summary>What is there in a run, and how much is said.</summary>
internal sealed record WorldOptions
{
    public int Nodes { get; init; } = 3;

    /// <summary>How Redis keeps its data; null: none, each node has a broker in memory.</summary>
    public RedisPersistence? Redis { get; init; } = RedisPersistence.Always;

    /// <summary>Whether Redis is a Cluster of three masters with a replica each.</summary>
    public bool Cluster { get; init; }

    /// <summary>Whether the nodes share PostgreSQL instead.</summary>
    public bool PostgreSql { get; init; }

    /// <summary>Whether each node keeps its logs in a directory of its own.</summary>
    public bool Data { get; init; }

    public int Channels { get; init; } = 8;

    /// <summary>Readers of each channel, by what carries them.</summary>
    public int WebSockets { get; init; } = 3;

    public int EventStreams { get; init; } = 1;
    public int Polls { get; init; } = 1;
    public int Clients { get; init; } = 1;

    public int Publishers { get; init; } = 16;

    /// <summary>Messages per second, of all publishers together.</summary>
    public double Rate { get; init; } = 200;

    /// <summary>The part of messages that are asked to be durable.</summary>
    public double DurablePart { get; init; }

    /// <summary>Over how long a node that is asked to go sends its clients away.</summary>
    public TimeSpan Drain { get; init; }

    /// <summary>Whether each node has a clock of its own that can be set.</summary>
    public bool OwnClocks { get; init; }

    /// <summary>Whether a back end is told of events.</summary>
    public bool Events { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>The channels' names.</summary>
    public IReadOnlyList<string> ChannelNames => [.. Enumerable.Range(0, Channels).Select(static i => $"chat:{i}")];
}
