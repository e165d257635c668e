using Microsoft.EntityFrameworkCore;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Databases;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;

namespace Tidings.Resources.Feed;

/// <summary>Reads the rows of a view page by page, each page as of one moment, in the order of keys. For one reading.</summary>
/// <param name="live">The context that the rows are in.</param>
/// <param name="resource">The resource.</param>
/// <param name="query">Which rows.</param>
/// <param name="largest">About how many bytes one page may have.</param>
internal sealed class RowReader(LiveContext live, Resource resource, RowQuery query, int largest)
{
    private const int FirstRows = 256;
    private const int MostRows = 8192;

    private readonly List<SeenPage> _pages = [];
    private object? _after;
    private int _rows = FirstRows;
    private bool _isQuiet;

    /// <summary>Where events go on: whatever was published before was committed before the first page, and so is in the rows.</summary>
    public StreamPosition From { get; private set; }

    /// <summary>What of the events after <see cref="From"/> the pages read so far hold already; null where they hold nothing of it.</summary>
    public SeenRows? Filter => _isQuiet ? null : new SeenRows(resource, _pages);

    /// <summary>The same as a text for clients, or null.</summary>
    public string? Text => _isQuiet ? null : SeenText.Of(_pages);

    /// <summary>Reads the next page. Where it fails, it may be called again.</summary>
    public async Task<RowPage> ReadAsync(CancellationToken cancellationToken)
    {
        var page = await live.UseAsync(context => context.Database.IsRelational()
            ? context.Database.CreateExecutionStrategy().ExecuteAsync(() => ReadFromTablesAsync(context, cancellationToken))
            : ReadFromMemoryAsync(context, cancellationToken));
        _pages.Add(page.Seen);
        _after = page.Seen.LastKey;

        // As many as one page takes, so that nothing is read in vain.
        _rows = Math.Clamp(page.Count < _rows ? page.Count + (page.Count / 4) : 2 * _rows, 1, MostRows);
        return page;
    }

    private RowQuery PageQuery => query with { IsPage = true, After = _after, Limit = resource.HasKeyOrder ? _rows : 0 };

    private async Task<RowPage> ReadFromMemoryAsync(DbContext context, CancellationToken cancellationToken)
    {
        var memory = live.Memory;
        using var writer = new PageWriter(resource, largest);
        StreamPosition top;
        List<object?[]> rows;
        await memory.EnterAsync(context, async: true, cancellationToken);
        try
        {
            await memory.DrainAsync(cancellationToken);
            top = await TopAsync(cancellationToken);
            rows = await resource.Query(context, query).ToListAsync(cancellationToken);
        }
        finally
        {
            memory.Leave();
        }

        if (_pages.Count == 0)
        {
            (From, _isQuiet) = (top, true);
        }

        _isQuiet &= top == From;
        var left = rows.Where(row => _after is null || KeyOrder.Instance.Compare(row[resource.KeyIndex], _after) > 0).OrderBy(row => row[resource.KeyIndex], KeyOrder.Instance!).ToList();
        foreach (var row in left)
        {
            writer.Add(row);
            if (writer.IsFull)
            {
                break;
            }
        }

        return writer.End(isLast: writer.Count == left.Count, new SeenPage(null, null, top.Offset, 0));
    }

    private async Task<RowPage> ReadFromTablesAsync(DbContext context, CancellationToken cancellationToken)
    {
        if (_pages.Count == 0)
        {
            From = await TopAsync(cancellationToken);
        }

        var request = PageQuery;
        using var writer = new PageWriter(resource, largest);
        await using var transaction = await DatabaseProvider.Of(context)!.BeginReadingAsync(context, cancellationToken);
        var seen = await LookAsync(context, transaction, cancellationToken);
        var isLast = true;
        await foreach (var row in resource.Query(context, request).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            writer.Add(row);
            if (request.Limit > 0 && (writer.IsFull || writer.Count == request.Limit))
            {
                isLast = false;
                break;
            }
        }

        return writer.End(isLast, seen);
    }

    // The first statement of the transaction: from here on it sees what it sees now.
    private async Task<SeenPage> LookAsync(DbContext context, ReadingTransaction transaction, CancellationToken cancellationToken)
    {
        var table = OutboxTable.Of(context)!;
        string text;
        long row;
        await using (var command = context.Database.GetDbConnection().CreateCommand())
        {
            command.Transaction = transaction.Transaction;
            command.CommandText = await table.NewestAsync(command.Connection!, transaction.Transaction, live.Node.Engine.Backplane.Generation, cancellationToken);
            var channel = command.CreateParameter();
            channel.ParameterName = "channel";
            channel.Value = resource.Channel;
            command.Parameters.Add(channel);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            text = reader.GetString(0);
            row = await reader.IsDBNullAsync(1, cancellationToken) ? 0 : reader.GetInt64(1);
        }

        // What the outbox had given away before this moment is no later than this.
        var top = await TopAsync(cancellationToken);
        _isQuiet = row == 0 && top == From;
        return new SeenPage(null, DatabaseSnapshot.TryParse(text)!, top.Offset, row);
    }

    private async ValueTask<StreamPosition> TopAsync(CancellationToken cancellationToken) =>
        (await live.Node.Broker.ReadAsync(resource.Channel, default, cancellationToken)).Top;
}
