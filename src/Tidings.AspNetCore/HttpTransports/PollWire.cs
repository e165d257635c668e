using Tidings.Lanes;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Collects the answer of a poll: what was missed, or the first that is said while it waits.</summary>
/// <param name="position">Where the reader stands; in the end, where it is to go on.</param>
/// <param name="waits">Whether it waits where nothing was missed.</param>
/// <param name="lane">The connection's lane.</param>
/// <param name="abort">Cuts the transport.</param>
internal sealed class PollWire(ReaderPosition position, bool waits, PoolLane lane, Action abort) : AnswerWire(lane, abort)
{
    private bool _full;
    private bool _hasNews;

    public List<ReadOnlyMemory<byte>> Messages { get; } = [];
    public List<ReadOnlyMemory<byte>> Gaps { get; } = [];
    public ReaderPosition Position => position;

    protected override bool IsEnough => !waits || _hasNews || Gaps.Count > 0;

    protected override void Take(ReadOnlyMemory<byte> json)
    {
        if (_full || (_hasNews && ReaderPosition.KindOf(json.Span) == EventKind.Gap))
        {
            // The answer has all gaps before all messages. What comes after a later gap is for the next poll, as the position says.
            _full = true;
            return;
        }

        switch (position.Note(json.Span))
        {
            case EventKind.Connected:
                break;
            case EventKind.Gap:
                Gaps.Add(json);
                break;
            case EventKind.Unsubscribed:
                // Known before anything is waited for, and again at the next poll; but for a subscription that ends with its token meanwhile.
                Messages.Add(json);
                _hasNews |= json.Span.IndexOf("\"code\":\"expired\""u8) >= 0;
                break;
            default:
                Messages.Add(json);
                _hasNews = true;
                break;
        }
    }
}
