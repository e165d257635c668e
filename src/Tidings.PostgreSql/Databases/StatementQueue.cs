using System.Threading.Channels;
using Npgsql;
using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>Statements of which each is a transaction by itself, done in the order in which they come; those that come meanwhile go along together. Safe from any thread.</summary>
/// <remarks>Whoever follows the news is woken after each round: what these statements say is said in passing.</remarks>
internal sealed class StatementQueue : IAsyncDisposable
{
    private const int MostAtOnce = 64;
    private const int MostWaiting = 200_000;

    private readonly PostgreSqlServer _server;
    private readonly Channel<Item> _waiting = Channel.CreateBounded<Item>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly Task _running;

    public StatementQueue(PostgreSqlServer server)
    {
        _server = server;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Does a statement, and gives back its first value. It takes its place in line before this returns.</summary>
    /// <exception cref="BrokerUnavailableException">It was not done, or it is not known whether it was.</exception>
    public Task<object?> AskAsync(PostgreSqlLink link, Statement statement)
    {
        var item = new Item(link, statement);
        if (!_waiting.Writer.TryWrite(item))
        {
            item.Done.SetException(new BrokerUnavailableException("PostgreSQL is too slow for what the node has to say."));
        }

        return item.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            List<Item> items = [];
            while (items.Count < MostAtOnce && _waiting.Reader.TryRead(out var item))
            {
                items.Add(item);
            }

            foreach (var some in items.GroupBy(static item => item.Link))
            {
                await DoAsync(some.Key, [.. some]).ConfigureAwait(false);
            }
        }
    }

    private async Task DoAsync(PostgreSqlLink link, Item[] items)
    {
        try
        {
            await using var connection = await link.Database.OpenAsync().ConfigureAwait(false);
            await using var batch = connection.CreateBatch();
            batch.EnableErrorBarriers = true;
            foreach (var item in items)
            {
#pragma warning disable CA2100 // Each text is a constant of this project.
                var command = new NpgsqlBatchCommand(item.Statement.Text);
#pragma warning restore CA2100
                item.Statement.BindTo(command.Parameters);
                batch.BatchCommands.Add(command);
            }

            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_notify('tidings', '')"));
            await using var rows = await batch.ExecuteReaderAsync().ConfigureAwait(false);
            foreach (var item in items)
            {
                item.Done.TrySetResult(await Statement.ValueAsync(rows).ConfigureAwait(false));
                await rows.NextResultAsync().ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whoever waits is told; the queue goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // Those behind the one at fault may have been done: what they say is said again.
            var told = PostgreSqlFault.Is(error) || error is BrokerUnavailableException ? _server.Failed(link, error) : new BrokerUnavailableException("It is not known what was done.", error);
            foreach (var item in items)
            {
                item.Done.TrySetException(told);
            }
        }
    }

    private sealed record Item(PostgreSqlLink Link, Statement Statement)
    {
        public TaskCompletionSource<object?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
