using System.Text.Json.Serialization;

namespace Tidings.Reports;

/// <summary>What a node says of itself once a second. Rates are per second, of the time since its last report.</summary>
internal sealed record NodeReport
{
    /// <summary>Names the process among all; random.</summary>
    public required string Node { get; init; }

    /// <summary>Machine and process, for people.</summary>
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>When the process began, in Unix milliseconds.</summary>
    public long Started { get; init; }

    /// <summary>When this was measured, in Unix milliseconds.</summary>
    public long Time { get; init; }

    /// <summary>Connections that are open, by transport.</summary>
    public required IReadOnlyDictionary<string, long> Connections { get; init; }

    public int Users { get; init; }

    public int Channels { get; init; }

    /// <summary>Messages that came in; null where they are not counted.</summary>
    public double? Received { get; init; }

    /// <summary>Deliveries that went out.</summary>
    public double? Sent { get; init; }

    public double? BytesReceived { get; init; }

    public double? BytesSent { get; init; }

    public double? Publishes { get; init; }

    /// <summary>From the broker's acceptance to the write, in milliseconds; null where nothing was delivered.</summary>
    public double? LatencyP50 { get; init; }

    public double? LatencyP99 { get; init; }

    /// <summary>Bytes of the process in memory.</summary>
    public long Memory { get; init; }

    /// <summary>Bytes of these that the managed heap has.</summary>
    public long Heap { get; init; }

    /// <summary>Processors in use: 1.5 is one and a half.</summary>
    public double Cpu { get; init; }

    /// <summary>Bytes that wait for readers.</summary>
    public long QueueBytes { get; init; }

    /// <summary>Of the data directory; null where there is none.</summary>
    public DirectoryFigures? Directory { get; init; }

    /// <summary>Whether what nodes share can be reached.</summary>
    public bool Available { get; init; }

    /// <summary>Whether the node sends everybody away.</summary>
    public bool Draining { get; init; }

    /// <summary>What it is short of, as <c>memory</c>, where it refuses newcomers for that; or null.</summary>
    public string? Short { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeReport))]
internal sealed partial class NodeReportJson : JsonSerializerContext;
