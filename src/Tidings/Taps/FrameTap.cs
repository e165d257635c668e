using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Taps;

/// <summary>Copies what a connection says and gets to those who follow it. A connection that nobody follows has none. Belongs to the connection's lane.</summary>
/// <param name="time">The clock.</param>
/// <param name="hasHeadLines">Whether binary messages of the connection begin with a line of JSON.</param>
internal sealed class FrameTap(TimeProvider time, bool hasHeadLines)
{
    private const byte Compressed = 0x40;

    private readonly List<Follower> _followers = new(1);
    private DisconnectCode? _code;

    public bool IsEmpty => _followers.Count == 0;

    public void Add(Follower follower)
    {
        _followers.Add(follower);
        follower.Begin();
    }

    public void Remove(Follower follower) => _followers.Remove(follower);

    /// <summary>The peer said a message, or a control frame.</summary>
    public void In(Opcode opcode, ReadOnlySpan<byte> payload) => Note(opcode, payload, isIn: true, isCompressed: false);

    /// <summary>The peer said something longer than a message may be.</summary>
    public void InTooLarge()
    {
        foreach (var follower in _followers)
        {
            if (follower.TryBegin())
            {
                follower.Take(new TappedFrame(Now, IsIn: true, Opcode.Text, 0, []) { IsTooLarge = true });
            }
        }
    }

    /// <summary>Whole frames were queued for the peer.</summary>
    public void Out(ReadOnlyMemory<byte> frames)
    {
        while (!frames.IsEmpty)
        {
            var isCompressed = (frames.Span[0] & Compressed) != 0;
            var payload = Frame.Next(ref frames, out var opcode);
            Note(opcode, payload.Span, isIn: false, isCompressed);
        }
    }

    /// <summary>The connection is being ended by this code: the first one counts.</summary>
    public void Ending(DisconnectCode code) => _code ??= code;

    /// <summary>The connection has ended.</summary>
    public void Complete()
    {
        foreach (var follower in _followers)
        {
            follower.Complete(new FollowEnd(_code ?? DisconnectCode.Abnormal));
        }

        _followers.Clear();
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Note(Opcode opcode, ReadOnlySpan<byte> payload, bool isIn, bool isCompressed)
    {
        TappedFrame? frame = null;
        foreach (var follower in _followers)
        {
            if (follower.TryBegin())
            {
                frame ??= new TappedFrame(Now, isIn, opcode, payload.Length, payload[..Math.Min(payload.Length, TappedFrame.Longest)].ToArray())
                {
                    IsCompressed = isCompressed,
                    HasHeadLine = hasHeadLines && opcode == Opcode.Binary,
                };
                follower.Take(frame);
            }
        }
    }
}
