namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>What moves the bytes of WebSockets: every rule of behaviour holds on each.</summary>
/// <remarks>The rules are abstract classes; <c>Pumps/</c> has their subclasses, one file a pump.</remarks>
public static class Pump
{
    public const string Streams = "streams";
    public const string Lanes = "lanes";

    /// <summary>Lanes, to which handshakes come through the web server's pipeline: no express path, as where requests are logged.</summary>
    public const string Pipeline = "pipeline";
}
