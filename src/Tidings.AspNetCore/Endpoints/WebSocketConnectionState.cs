namespace Tidings;

/// <summary>How far a <see cref="WebSocketConnection"/> has come.</summary>
public enum WebSocketConnectionState
{
    /// <summary>The handshake is not answered yet: it can be accepted or rejected.</summary>
    Connecting,

    /// <summary>Messages go both ways.</summary>
    Open,

    /// <summary>One side has said that it closes. Nothing more is sent; messages that came before can still be received.</summary>
    Closing,

    /// <summary>The transport is gone.</summary>
    Closed,
}
