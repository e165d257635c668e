namespace Tidings.Protocol.Compression;

/// <summary>How inflating a message went.</summary>
internal enum InflateResult
{
    /// <summary>The message is complete and within its limit.</summary>
    Ok,

    /// <summary>The message is longer than its limit: close with 1009 (RFC 6455 §7.4.1).</summary>
    TooLarge,

    /// <summary>The payload is no DEFLATE stream, or is cut off: close with 1007, as for any payload that contradicts its type.</summary>
    Corrupt,

    /// <summary>The message is complete and within its limit, but longer than what is kept: nothing of it was.</summary>
    Dropped,

    /// <summary>There was no memory for it, by the budget that counts that.</summary>
    NoMemory,
}
