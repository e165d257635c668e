using System.Globalization;

namespace Tidings;

/// <summary>The connection ended, and not by a normal close (1000, 1001 or a close frame without a code); or something was sent after any end.</summary>
/// <remarks>A handler need not catch it: one that its own connection's end throws out of it counts as returned, and is not logged as an error.</remarks>
public sealed class WebSocketDisconnectException : IOException
{
    internal WebSocketDisconnectException(int code, string reason, object source)
        : base(string.Create(CultureInfo.InvariantCulture, $"The WebSocket is closed: {code}{(reason.Length > 0 ? " " : "")}{reason}."))
    {
        Code = code;
        Reason = reason;
        Origin = source;
    }

    /// <summary>The close code (RFC 6455 §7.4): what the peer said, or what it was told; 1006 where the transport ended without a close frame.</summary>
    public int Code { get; }

    /// <summary>What was said with the code; it may be empty.</summary>
    public string Reason { get; }

    // Which connection it is that ended: handlers may send to others than their own.
    internal object Origin { get; }
}
