using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;

namespace Tidings.EntityFrameworkCore.Feed;

/// <summary>Reads the rows of a view as of one moment, and says where events go on from there.</summary>
internal sealed class RowReader(Resource resource)
{
    /// <summary>Reads rows and hands them on: first <paramref name="begin"/>, then each to <paramref name="take"/>.</summary>
    /// <remarks>Whatever was published before <see cref="RowsRead.From"/> was committed before the reading began, and so is in the rows.
    /// What is published after it may be, too, where the reading says what it has seen.</remarks>
    public async Task ReadAsync(RowQuery query, Action<RowsRead> begin, Func<object?[], ValueTask> take, CancellationToken cancellationToken)
    {
        var handedOn = false;
        Exception? failure = null;
        await resource.Live.UseAsync(async context =>
        {
            if (!context.Database.IsRelational())
            {
                await ReadFromMemoryAsync(context, query, begin, take, cancellationToken);
                return true;
            }

            // Once something was handed on, it can't be done again.
            await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                try
                {
                    await ReadFromTablesAsync(context, query, read =>
                    {
                        handedOn = true;
                        begin(read);
                    }, take, cancellationToken);
                }
                catch (Exception error) when (handedOn)
                {
                    failure = error;
                }
            });
            return true;
        });
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private async Task ReadFromMemoryAsync(DbContext context, RowQuery query, Action<RowsRead> begin, Func<object?[], ValueTask> take, CancellationToken cancellationToken)
    {
        var memory = resource.Live.Memory;
        List<object?[]> rows;
        StreamPosition top;
        await memory.EnterAsync(async: true, cancellationToken);
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

        begin(new RowsRead(top, null, 0, 0));
        foreach (var row in rows)
        {
            await take(row);
        }
    }

    private async Task ReadFromTablesAsync(DbContext context, RowQuery query, Action<RowsRead> begin, Func<object?[], ValueTask> take, CancellationToken cancellationToken)
    {
        var from = await TopAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        begin(await LookAsync(context, transaction, from, cancellationToken));
        await foreach (var row in resource.Query(context, query).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            await take(row);
        }
    }

    // The first statement of the transaction: from here on it sees what it sees now.
    private async Task<RowsRead> LookAsync(DbContext context, IDbContextTransaction transaction, StreamPosition from, CancellationToken cancellationToken)
    {
        var table = LiveContext.TableOf(context)!;
        string text;
        long row;
        await using (var command = context.Database.GetDbConnection().CreateCommand())
        {
            command.Transaction = transaction.GetDbTransaction();
            command.CommandText = table.Newest;
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
        return row == 0 && top == from ? new RowsRead(from, null, 0, 0) : new RowsRead(from, DatabaseSnapshot.TryParse(text), top.Offset, row);
    }

    private async ValueTask<StreamPosition> TopAsync(CancellationToken cancellationToken) =>
        (await resource.Live.Tidings.Broker.ReadAsync(resource.Channel, default, cancellationToken)).Top;
}

/// <summary>Where rows and events meet.</summary>
/// <param name="From">Where events go on.</param>
/// <param name="Seen">What the rows hold of that already; null where they hold nothing of it.</param>
/// <param name="Top">See <see cref="SeenRows"/>.</param>
/// <param name="Row">See <see cref="SeenRows"/>.</param>
internal sealed record RowsRead(StreamPosition From, DatabaseSnapshot? Seen, long Top, long Row)
{
    public SeenRows? Filter => Seen is null ? null : new SeenRows(Seen, Top, Row);
}
