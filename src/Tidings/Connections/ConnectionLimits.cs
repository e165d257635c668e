namespace Tidings.Connections;

/// <summary>How many connections a node takes; 0 is no limit.</summary>
internal sealed record ConnectionLimits(int Connections, int ConnectionsPerIp);
