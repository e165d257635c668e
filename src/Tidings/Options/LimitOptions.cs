using Tidings.Options;

namespace Tidings;

/// <summary>A set of limits to start from.</summary>
public enum LimitPreset
{
    /// <summary>64 KB and 1 MB messages, 50 a second, 50,000 connections, 200 from an address.</summary>
    Default,

    /// <summary>The tutorials' numbers: 10,240 byte messages, 10 a second, 1,000 connections, 100 in a room, 20 from an address.</summary>
    Small,

    /// <summary>No limits but 16 MB for a message: for benchmarks.</summary>
    None,
}

/// <summary>Sizes, rates and numbers that bound what peers can ask for. What is not set comes from the preset; 0 means no limit.</summary>
[Reloadable]
public sealed class LimitOptions
{
    /// <summary>The set of limits to start from. Default <see cref="LimitPreset.Default"/>.</summary>
    public LimitPreset Preset { get; set; }

    /// <summary>Bytes of a message; a larger one is answered <c>Message too large</c> and dropped. At most <see cref="HardMessageBytes"/>. Default 64 KB.</summary>
    [OptionRange("0", "1GB", Zero = "no limit")]
    public long? MessageBytes { get; set; }

    /// <summary>Bytes of a message; a larger one ends the connection with 1009 while it is still coming. Default 1 MB, at most 1 GB.</summary>
    [OptionRange("0", "1GB", Zero = "1GB")]
    public long? HardMessageBytes { get; set; }

    /// <summary>Content messages a second of one connection in the long run. Default 50.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? MessagesPerSecond { get; set; }

    /// <summary>Content messages of one connection at once; where unset, at least <see cref="MessagesPerSecond"/>. Default 100.</summary>
    [OptionRange("0", "1000000", Zero = "1")]
    public int? MessageBurst { get; set; }

    /// <summary>Bytes of content messages a second of one connection in the long run. A message passes while anything is left of the last second, and what it overdraws is waited for. Default no limit; at most 1 GB.</summary>
    [OptionRange("0", "1GB", Zero = "no limit")]
    public long? BytesPerSecond { get; set; }

    /// <summary>Content messages a second of all connections from one address (IPv6: one /64) to this node. Where unset: 20 × <see cref="MessagesPerSecond"/>, and
    /// those of users count against the user alone.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? MessagesPerSecondPerIp { get; set; }

    /// <summary>Content messages a second of all connections of one user to this node. Where unset: 20 × <see cref="MessagesPerSecond"/>.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? MessagesPerSecondPerUser { get; set; }

    /// <summary>Messages a second that the clients of this node publish into one channel or room. Default no limit.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? MessagesPerSecondPerChannel { get; set; }

    /// <summary>Requests a second to the server API and <c>POST /broadcast</c> with one key, each command of a batch for one; more are answered 429 with <c>Retry-After</c>. Default no limit.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? ApiRequestsPerSecond { get; set; }

    /// <summary>WebSocket handshakes a second that this node takes up; more are answered 429 with <c>Retry-After</c> before the upgrade. Default no limit.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? HandshakesPerSecond { get; set; }

    /// <summary>WebSocket handshakes a second of one address (IPv6: one /64), and ten times as many at once; more are answered 429 with <c>Retry-After</c> before the upgrade. Default 100.</summary>
    [OptionRange("0", "1000000", Zero = "no limit")]
    public int? HandshakesPerSecondPerIp { get; set; }

    /// <summary>Connections of this node, over every transport; more are answered 503 with <c>Retry-After</c>. Default 50,000.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? Connections { get; set; }

    /// <summary>Connections in one text room of this node; more are closed with 1008. Default no limit.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? ConnectionsPerRoom { get; set; }

    /// <summary>Connections from one address (IPv6: one /64) to this node; more are closed with 1008, streams and polls answered 429. Default 200.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? ConnectionsPerIp { get; set; }

    /// <summary>TCP connections from one address (IPv6: one /64) that are not, or not yet, connections of this node: those of plain HTTP requests above all. More are answered
    /// 429 and closed. Proxies in <c>Tidings:TrustedProxies</c> have as many as they want. Where unset: 5 × <see cref="ConnectionsPerIp"/>; in an application of your own no limit, as its proxies are not known.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? HttpConnectionsPerIp { get; set; }

    /// <summary>Connections of one user to this node, with Redis to all nodes together; more are closed with 1008. Default no limit.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? ConnectionsPerUser { get; set; }

    /// <summary>Connections of this node that have still to say whose they are, with <c>RequireAuthentication</c>; more are answered 503.
    /// Default 1,000; 100 with the preset small.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? UnauthenticatedConnections { get; set; }

    /// <summary>Channels that one connection may be subscribed to on <c>/connect</c>; more are answered <c>too_many</c>. Default 1,000.</summary>
    [OptionRange("0", Zero = "no limit")]
    public int? Subscriptions { get; set; }

    /// <summary>Bytes that may wait for a peer that reads slowly; past them it is closed with 1013. One message may always wait. Default 1 MB.</summary>
    [OptionRange("0", "1GB", Zero = "2GB")]
    public long? QueueBytes { get; set; }

    /// <summary>Bytes that the logs of all channels may take in this node's memory together, with encoded frames and idempotency keys; past them the oldest
    /// messages go, those of the sender that has most first. With Redis the logs are there, and its own <c>maxmemory</c> bounds them. Default a quarter
    /// of what the process may have.</summary>
    [OptionRange("1MB", Zero = "no limit")]
    public long? HistoryBytes { get; set; }

    /// <summary>Bytes that durable messages of clients may take in the data directory together (<c>Tidings:Data</c>). Each sender may have what is still free; over that, their durable
    /// messages are answered <c>too_many</c>. Default a quarter of the file system.</summary>
    [OptionRange("256MB", Zero = "no limit")]
    public long? DurableBytes { get; set; }

    /// <summary>Whether loopback has none of the rates of addresses and users.</summary>
    internal bool ExemptsLoopback { get; set; }
}
