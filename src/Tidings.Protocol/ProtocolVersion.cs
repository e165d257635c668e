namespace Tidings.Protocol;

/// <summary>The version of the channel protocol that this library speaks.</summary>
public static class ProtocolVersion
{
    /// <summary>The WebSocket subprotocol name (RFC 6455 §1.9).</summary>
    public const string Subprotocol = "tidings.v1";

    /// <summary>The name of the same protocol with binary payloads in binary frames.</summary>
    public const string BinarySubprotocol = "tidings.v1+binary";
}
