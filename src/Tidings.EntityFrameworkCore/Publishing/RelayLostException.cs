namespace Tidings.EntityFrameworkCore.Publishing;

/// <summary>The session of a relay, and with it its lock, is gone or does not answer.</summary>
#pragma warning disable CA1032, CA1064 // It never leaves the relay.
internal sealed class RelayLostException(Exception reason) : Exception("The session that holds the outbox is lost.", reason);
#pragma warning restore CA1032, CA1064
