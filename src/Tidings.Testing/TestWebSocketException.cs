namespace Tidings.Testing;

/// <summary>A <see cref="TestWebSocket"/> did not get what the test expected. The message says what it got instead, and all it had received before.</summary>
public sealed class TestWebSocketException : Exception
{
    internal TestWebSocketException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The server answered the handshake with something other than a WebSocket.</summary>
public sealed class WebSocketRefusedException : Exception
{
    internal WebSocketRefusedException(int statusCode, string? body, Exception? innerException = null)
        : base($"The handshake was answered with {statusCode}{(string.IsNullOrWhiteSpace(body) ? "" : ": " + body.Trim())}.", innerException)
    {
        StatusCode = statusCode;
        Body = body;
    }

    /// <summary>The HTTP status.</summary>
    public int StatusCode { get; }

    /// <summary>The answer's body; null where the client of a real server could not see it.</summary>
    public string? Body { get; }
}
