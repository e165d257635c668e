using Tidings.Lanes;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Collects the replies to commands until the connection is ended.</summary>
internal sealed class ReplyWire(PoolLane lane, Action abort) : AnswerWire(lane, abort)
{
    public List<ReadOnlyMemory<byte>> Replies { get; } = [];

    /// <summary>Bytes of all replies so far. On the connection's lane.</summary>
    public long Bytes { get; private set; }

    protected override bool IsEnough => false;

    protected override void Take(ReadOnlyMemory<byte> json)
    {
        Replies.Add(json);
        Bytes += json.Length;
    }
}
