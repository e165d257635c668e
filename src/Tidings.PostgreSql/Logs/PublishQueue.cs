using System.Threading.Channels;
using Npgsql;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Logs;

/// <summary>What this node publishes, in the order in which it came: what comes while a step is at work goes into the next one together. Safe from any thread.</summary>
internal sealed class PublishQueue : IAsyncDisposable
{
    // Said to nobody. No channel has such a name.
    private const string Mark = "\u0003settle";

    private const int MostItems = 512;
    private const long MostBytes = 4 << 20;
    private const long MostWaiting = 256 << 20;
    private const int MostConflicts = 8;

    private readonly PostgreSqlServer _server;
    private readonly Func<string, Retention> _retentionOf;
    private readonly Func<string, string> _toldOf;
    private readonly Action<string> _touched;
    private readonly InboxLosses _lost;
    private readonly Channel<PublishItem> _waiting = Channel.CreateUnbounded<PublishItem>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _running;
    private long _bytes;
    private NpgsqlConnection? _connection;
    private PostgreSqlLink? _connected;

    /// <param name="server">Where.</param>
    /// <param name="retentionOf">How much is kept of a channel in which transactions publish.</param>
    /// <param name="toldOf">Which back ends are told of what transactions publish there, separated by commas.</param>
    /// <param name="touched">Called with each channel in which something was published.</param>
    /// <param name="lost">Told of what transactions have published and cannot be kept.</param>
    public PublishQueue(PostgreSqlServer server, Func<string, Retention> retentionOf, Func<string, string> toldOf, Action<string> touched, InboxLosses lost)
    {
        (_server, _retentionOf, _toldOf, _touched, _lost) = (server, retentionOf, toldOf, touched, lost);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Has something published. It takes its place in line before it returns.</summary>
    public Task<Protocol.StreamPosition?> AddAsync(PublishItem item)
    {
        if (Interlocked.Add(ref _bytes, item.Payload.Length) > MostWaiting || !_waiting.Writer.TryWrite(item))
        {
            Interlocked.Add(ref _bytes, -item.Payload.Length);
            item.Fail(new BrokerUnavailableException("PostgreSQL is too slow for what is published: 256 MB wait for it."));
        }

        return item.Done;
    }

    /// <summary>Completes once all that came before has been published, or has failed.</summary>
    public Task SettleAsync() => AddAsync(PublishItem.Said(Mark, []));

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.Complete();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = new PublishBatch(_retentionOf, _toldOf);
            var bytes = 0L;
            while (batch.Items.Count < MostItems && bytes < MostBytes && _waiting.Reader.TryRead(out var item))
            {
                batch.Add(item);
                bytes += item.Payload.Length;
            }

            await PublishAsync(batch).ConfigureAwait(false);
            Interlocked.Add(ref _bytes, -bytes);
        }

        await CloseAsync().ConfigureAwait(false);
    }

    private async Task PublishAsync(PublishBatch batch)
    {
        for (var conflicts = 0; ;)
        {
            if (_server.Link is not { } link)
            {
                FailAll(batch, new BrokerUnavailableException("PostgreSQL is away."));
                return;
            }

            try
            {
                if (await TryPublishAsync(link, batch).ConfigureAwait(false))
                {
                    _server.Wrote();
                    return;
                }
            }
            catch (Exception error) when (PostgreSqlFault.IsConflict(error) && conflicts++ < MostConflicts)
            {
            }
            catch (Exception error) when (PostgreSqlFault.IsOfContent(error) && batch.Items.Count > 1)
            {
                await PublishEachAsync(batch).ConfigureAwait(false);
                return;
            }
            catch (Exception error) when (PostgreSqlFault.Is(error) || error is BrokerUnavailableException)
            {
                FailAll(batch, _server.Failed(link, error));
                await CloseAsync().ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // Whoever waits is told; the queue goes on.
            catch (Exception error)
#pragma warning restore CA1031
            {
                FailAll(batch, error);
                await CloseAsync().ConfigureAwait(false);
                return;
            }
        }
    }

    // One of them is at fault: the others are not.
    private async Task PublishEachAsync(PublishBatch batch)
    {
        foreach (var item in batch.Items)
        {
            var alone = new PublishBatch(_retentionOf, _toldOf);
            alone.Add(item);
            await PublishAsync(alone).ConfigureAwait(false);
        }
    }

    // False where more of the inbox goes before it.
    private async Task<bool> TryPublishAsync(PostgreSqlLink link, PublishBatch batch)
    {
        var answer = await RunAsync(await ConnectionOf(link).ConfigureAwait(false), batch.ToStatement(link.Generation, link.Inbox, tries: false)).ConfigureAwait(false);
        foreach (var name in batch.Names)
        {
            _touched(name);
        }

        _lost.Refused(answer.Refused);
        if (answer.More)
        {
            return false;
        }

        if (batch.Complete(link.Generation, answer.Births, answer.Places) is var (channel, birth, position))
        {
            _server.Saw(channel, link.Generation, birth, position);
        }

        return true;
    }

    /// <summary>Runs a step, and wakes those who follow the news. The notification is a transaction of its own: it waits for no disk, and neither does whoever notifies meanwhile.</summary>
    public static async Task<(long[] Births, long[] Places, int Taken, int Refused, bool More)> RunAsync(NpgsqlConnection connection, Statement statement)
    {
        await using var commands = connection.CreateBatch();
        commands.EnableErrorBarriers = true;
        var publish = new NpgsqlBatchCommand(statement.Text);
        statement.BindTo(publish.Parameters);
        commands.BatchCommands.Add(publish);
        commands.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_notify('tidings', '')"));
        await using var rows = await commands.ExecuteReaderAsync().ConfigureAwait(false);
        await rows.ReadAsync().ConfigureAwait(false);
        return (
            rows.Array<long>(0),
            rows.Array<long>(1),
            rows.IsNull(2) ? 0 : rows.GetInt32(2),
            rows.IsNull(3) ? 0 : rows.GetInt32(3),
            !rows.IsNull(4) && rows.GetBoolean(4));
    }

    private async ValueTask<NpgsqlConnection> ConnectionOf(PostgreSqlLink link)
    {
        if (_connection is null || _connected != link || _connection.State != System.Data.ConnectionState.Open)
        {
            await CloseAsync().ConfigureAwait(false);
            _connection = await link.Database.OpenAsync().ConfigureAwait(false);
            _connected = link;
        }

        return _connection;
    }

    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void FailAll(PublishBatch batch, Exception error)
    {
        foreach (var item in batch.Items)
        {
            item.Fail(error);
        }
    }
}
