using Tidings.Quotas;

namespace Tidings.Connections;

/// <summary>How many connections a node takes, and what those of one address or user may say together; 0 is no limit.</summary>
/// <param name="Connections">In all.</param>
/// <param name="ConnectionsPerIp">From one address.</param>
/// <param name="UnauthenticatedConnections">That have still to say whose they are.</param>
internal sealed record ConnectionLimits(int Connections, int ConnectionsPerIp, int UnauthenticatedConnections = 0)
{
    /// <summary>Connections of one user.</summary>
    public int ConnectionsPerUser { get; init; }

    /// <summary>TCP connections from one address that are no connection of ours (yet).</summary>
    public int HttpConnectionsPerIp { get; init; }

    /// <summary>The rates that connections share.</summary>
    public RateLimits Rates { get; init; } = new();
}
