using Tidings.Channels;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Resources.Feed;

/// <summary>Rows that follow each other by their keys, as of one moment.</summary>
/// <param name="Rows">The rows: a JSON array.</param>
/// <param name="Count">How many there are.</param>
/// <param name="IsLast">Whether no row comes after them.</param>
/// <param name="Seen">What they hold of the events.</param>
internal sealed record RowPage(ReadOnlyMemory<byte> Rows, int Count, bool IsLast, SeenPage Seen);

/// <summary>Which events a page of rows holds already.</summary>
/// <param name="LastKey">The key of its last row: events of later keys are not its own.</param>
/// <param name="Snapshot">The transactions it has seen; null where the store has no numbers for them, and <paramref name="Top"/> says it.</param>
/// <param name="Top">The newest event there was when the page had begun; what had left the outbox then is not after it.</param>
/// <param name="Row">The newest row of the outbox that it has seen: the relay publishes all of those before any later one.</param>
internal sealed record SeenPage(object? LastKey, DatabaseSnapshot? Snapshot, long Top, long Row)
{
    public bool Holds(long offset, ulong transaction) => Snapshot?.Sees(transaction) ?? offset <= Top;

    /// <summary>Whether it holds nothing of an event and of all that come after that one.</summary>
    public bool IsBefore(long offset, long row) => offset > Top && row > Row;
}

/// <summary>Leaves out of one subscription what its rows hold already. The pages of the rows are of different moments: what came between the
/// first and the last of them is looked up by the row's key.</summary>
internal sealed class SeenRows(Resource resource, IReadOnlyList<SeenPage> pages) : IMessageFilter
{
    public bool HasPassed { get; private set; }

    public bool LeavesOut(Message message)
    {
        if (HasPassed || RowEvent.Origin(message) is not { } origin)
        {
            return false;
        }

        var last = pages[^1];
        if (last.IsBefore(message.Offset, origin.Row))
        {
            HasPassed = true;
            return false;
        }

        if (pages[0].Holds(message.Offset, origin.Transaction))
        {
            return true;
        }

        return last.Holds(message.Offset, origin.Transaction) && PageOf(message) is { } page && page.Holds(message.Offset, origin.Transaction);
    }

    private SeenPage? PageOf(Message message)
    {
        if (RowEvent.KeyOf(message, resource) is not { } key)
        {
            return null;
        }

        foreach (var page in pages)
        {
            if (page.LastKey is not { } last || KeyOrder.Instance.Compare(key, last) <= 0)
            {
                return page;
            }
        }

        return pages[^1];
    }
}

/// <summary>What a client that comes back has seen beside its position, as the text that it was given with its rows. Immutable.</summary>
/// <param name="First">What all of its rows have seen; null where that is said by <paramref name="Through"/>.</param>
/// <param name="Last">What the last of them have seen, where that is more; or null.</param>
/// <param name="Through">The position from which on it has seen all rows alike.</param>
internal sealed record SeenText(DatabaseSnapshot? First, DatabaseSnapshot? Last, long Through)
{
    private const char Between = '/';

    // Far above what runs at once; it comes back from clients.
    private const int LongestText = 16 * 1024;

    /// <summary>The text for a client, or null where its position says all.</summary>
    public static string? Of(IReadOnlyList<SeenPage> pages)
    {
        var (first, last) = (pages[0], pages[^1]);
        if (first.Snapshot is null)
        {
            return last.Top > first.Top ? last.Top.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        }

        return first.Snapshot.Text == last.Snapshot!.Text ? first.Snapshot.Text : $"{first.Snapshot.Text}{Between}{last.Snapshot.Text}";
    }

    public static SeenText? TryParse(string text)
    {
        if (text.Length > LongestText)
        {
            return null;
        }

        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var through))
        {
            return through <= StreamPosition.LargestOffset ? new SeenText(null, null, through) : null;
        }

        var at = text.IndexOf(Between, StringComparison.Ordinal);
        var first = DatabaseSnapshot.TryParse(at < 0 ? text : text[..at]);
        var last = at < 0 ? null : DatabaseSnapshot.TryParse(text[(at + 1)..]);
        return first is null || (at >= 0 && last is null) ? null : new SeenText(first, last, 0);
    }
}

/// <summary>Leaves out of a subscription that goes on what the client has; where only the page of a row would tell, all rows are read anew.</summary>
internal sealed class ResumedRows(FeedSession session, DatabaseSnapshot first, DatabaseSnapshot? last) : IMessageFilter
{
    public bool HasPassed => false;

    public bool LeavesOut(Message message)
    {
        if (session.IsOutdated)
        {
            return true;
        }

        if (RowEvent.Origin(message) is not { } origin || first.Sees(origin.Transaction))
        {
            return RowEvent.Origin(message) is not null;
        }

        if (last?.Sees(origin.Transaction) != true)
        {
            return false;
        }

        session.Restart();
        return true;
    }
}
