using Tidings.Protocol.Frames;

namespace Tidings.Taps;

/// <summary>A frame, or a message, that a followed connection said or got: its beginning, copied.</summary>
/// <param name="Time">When, in Unix milliseconds.</param>
/// <param name="IsIn">Whether the connection's peer said it; else it was queued for the peer.</param>
/// <param name="Opcode">What it is.</param>
/// <param name="Length">Bytes of its payload: on the wire where it went out, inflated where it came in.</param>
/// <param name="Start">The first bytes of the payload, at most <see cref="Longest"/>.</param>
internal sealed record TappedFrame(long Time, bool IsIn, Opcode Opcode, int Length, byte[] Start)
{
    /// <summary>The most bytes of a payload that are copied.</summary>
    public const int Longest = 2048;

    /// <summary>Whether <see cref="Start"/> is compressed by permessage-deflate.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>Whether it is binary and begins with a line of JSON.</summary>
    public bool HasHeadLine { get; init; }

    /// <summary>Whether it was longer than a message may be and was not kept: nothing is known of it but that.</summary>
    public bool IsTooLarge { get; init; }

    /// <summary>Whether it has more than <see cref="Start"/>.</summary>
    public bool IsCut => Length > Start.Length;
}
