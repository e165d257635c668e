namespace Tidings.Protocol.Frames;

/// <summary>What a peer did wrong on the wire. A value, not an exception: a bad peer is an everyday event.</summary>
internal enum ProtocolError : byte
{
    None,

    /// <summary>RSV2 or RSV3, or RSV1 where no extension gave it a meaning (RFC 6455 §5.2).</summary>
    ReservedBits,

    /// <summary>Opcodes 3–7 and B–F (RFC 6455 §5.2).</summary>
    ReservedOpcode,

    /// <summary>A client's frame without a mask, or a server's with one (RFC 6455 §5.1).</summary>
    Masking,

    /// <summary>A length not written in the fewest bytes, or with its top bit set (RFC 6455 §5.2).</summary>
    Length,

    /// <summary>A control frame in fragments (RFC 6455 §5.5).</summary>
    FragmentedControl,

    /// <summary>A control frame of more than 125 bytes (RFC 6455 §5.5).</summary>
    ControlTooLong,

    /// <summary>A continuation of nothing, or a new message inside another (RFC 6455 §5.4).</summary>
    Fragmentation,

    /// <summary>A close frame of one byte, or with a code that must not be on the wire (RFC 6455 §5.5.1, §7.4).</summary>
    CloseCode,

    /// <summary>Text or a close reason that is not UTF-8 (RFC 6455 §8.1).</summary>
    Utf8,

    /// <summary>More bytes than the hard limit of the route.</summary>
    TooLarge,

    /// <summary>A kind of message that the route does not take.</summary>
    Unacceptable,

    /// <summary>Compressed bytes that do not inflate (RFC 7692 §7.2.2).</summary>
    Inflate,
}

internal static class ProtocolErrors
{
    /// <summary>The close code and reason that tell the peer.</summary>
    public static DisconnectCode ToDisconnectCode(this ProtocolError error) => error switch
    {
        ProtocolError.Utf8 or ProtocolError.Inflate => DisconnectCode.InvalidPayload,
        ProtocolError.TooLarge => DisconnectCode.MessageTooLarge,
        ProtocolError.Unacceptable => DisconnectCode.InvalidMessage,
        _ => DisconnectCode.ProtocolError,
    };
}
