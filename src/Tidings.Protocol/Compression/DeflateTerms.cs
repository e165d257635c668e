namespace Tidings.Protocol.Compression;

/// <summary>What permessage-deflate was agreed to on one connection, as far as it binds what this side sends.</summary>
/// <remarks>
/// Neither side keeps a context (RFC 7692 §7.1.1), so nothing else is left to remember: a message compressed once is right
/// for every connection whose terms <see cref="Allows"/> its length.
/// </remarks>
/// <param name="SendWindowBits">Base-2 logarithm of the largest LZ77 window that the peer keeps for our messages, 8 to 15.</param>
internal sealed record DeflateTerms(int SendWindowBits)
{
    /// <summary>The smallest window that can be agreed on, as a logarithm.</summary>
    public const int SmallestWindow = DeflateParameters.MinWindowBits;

    /// <summary>DEFLATE's whole window of 32 KiB, as a logarithm.</summary>
    public const int LargestWindow = DeflateParameters.MaxWindowBits;

    /// <summary>The terms of a peer that keeps DEFLATE's whole window of 32 KiB: nearly all of them.</summary>
    public static readonly DeflateTerms FullWindow = new(DeflateParameters.MaxWindowBits);

    /// <summary>Whether a message of that many bytes, before compression, may be sent compressed.</summary>
    /// <remarks>
    /// .NET's deflater always works with a window of 2^15. No match reaches back further than the message is long, so what
    /// fits the peer's window as a whole is safe; anything longer goes uncompressed, which §7.2 leaves free for each message.
    /// </remarks>
    public bool Allows(int messageLength) =>
        SendWindowBits == DeflateParameters.MaxWindowBits || messageLength <= 1 << SendWindowBits;
}
