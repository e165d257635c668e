using Tidings.Protocol;

namespace Tidings.Connections;

/// <summary>What a connection will be a member of once it is known whose it is; its <see cref="Connection.Tag"/> until then.</summary>
/// <param name="Join">Joins, and says why it may not, or null. Called on the connection's lane.</param>
internal sealed record PendingJoin(Func<Connection, ValueTask<DisconnectCode?>> Join);
