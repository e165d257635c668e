namespace Tidings;

/// <summary>What kind of thing was received.</summary>
public enum WebSocketMessageKind
{
    /// <summary>The connection has ended; nothing follows.</summary>
    Disconnect,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Binary,
}

/// <summary>One message, or the end of the connection.</summary>
public readonly struct WebSocketMessage
{
    internal WebSocketMessage(string text)
    {
        Kind = WebSocketMessageKind.Text;
        Text = text;
    }

    internal WebSocketMessage(byte[] bytes)
    {
        Kind = WebSocketMessageKind.Binary;
        Bytes = bytes;
    }

    internal WebSocketMessage(int code, string reason)
    {
        CloseCode = code;
        CloseReason = reason;
    }

    /// <summary>Which of the other properties has a value.</summary>
    public WebSocketMessageKind Kind { get; }

    /// <summary>The text, where it is text; otherwise null.</summary>
    public string? Text { get; }

    /// <summary>The bytes, where it is binary; otherwise null. They are the receiver's own.</summary>
    public byte[]? Bytes { get; }

    /// <summary>The close code, where the connection has ended; otherwise 0. 1005 is a close frame without a code, 1006 none at all.</summary>
    public int CloseCode { get; }

    /// <summary>The close reason, where the connection has ended; otherwise null.</summary>
    public string? CloseReason { get; }
}
