using Microsoft.Extensions.Logging;
using Tidings.Quotas;

namespace Tidings.Connections;

internal static partial class ConnectionLog
{
    [LoggerMessage(200, LogLevel.Error, "A route failed on a message; the connection is closed with 1011")]
    public static partial void HandlerFailed(ILogger log, Exception error);

    [LoggerMessage(201, LogLevel.Information, "{Address} has reached {Option}, and more is refused. If it is a proxy, name it in Tidings:TrustedProxies (an application of your own: UseForwardedHeaders): until then all its clients count as one address. Logged at most once a minute")]
    public static partial void AddressFull(ILogger log, AddressKey address, string option);
}
