namespace Tidings.Connections;

/// <summary>How many connections a node takes; 0 is no limit.</summary>
/// <param name="Connections">In all.</param>
/// <param name="ConnectionsPerIp">From one address.</param>
/// <param name="UnauthenticatedConnections">That have still to say whose they are.</param>
internal sealed record ConnectionLimits(int Connections, int ConnectionsPerIp, int UnauthenticatedConnections = 0);
