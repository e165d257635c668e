using Tidings.Channels;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Feed;

/// <summary>Leaves out of one subscription what its rows hold already: the events of transactions that their reading has seen.</summary>
/// <param name="snapshot">What the reading has seen.</param>
/// <param name="top">The newest event there was when it had begun; what had left the outbox then is not after it.</param>
/// <param name="row">The newest row of the outbox that it has seen: the relay publishes all of those before any later one.</param>
internal sealed class SeenRows(DatabaseSnapshot snapshot, long top, long row) : IMessageFilter
{
    public bool HasPassed { get; private set; }

    public bool LeavesOut(Message message)
    {
        if (HasPassed || RowEvent.Origin(message) is not { } origin)
        {
            return false;
        }

        if (message.Offset > top && origin.Row > row)
        {
            HasPassed = true;
            return false;
        }

        return snapshot.Sees(origin.Transaction);
    }
}
