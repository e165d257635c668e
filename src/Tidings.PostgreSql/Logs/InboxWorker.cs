using Npgsql;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>Gives places to what transactions have published. Every node that sees something in the inbox tries; one at a time does it. Safe from any thread.</summary>
internal sealed class InboxWorker : IAsyncDisposable
{
    // Channels that are looked at together.
    private const int MostAtOnce = 1000;

    private readonly PostgreSqlServer _server;
    private readonly Func<string, Retention> _retentionOf;
    private readonly Func<string, string> _toldOf;
    private readonly Action<string> _touched;
    private readonly InboxLosses _lost;
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public InboxWorker(PostgreSqlServer server, Func<string, Retention> retentionOf, Func<string, string> toldOf, Action<string> touched, InboxLosses lost)
    {
        (_server, _retentionOf, _toldOf, _touched, _lost) = (server, retentionOf, toldOf, touched, lost);
        server.OnInbox = Wake;
        _running = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _signal.Dispose();
    }

    private void Wake()
    {
        try
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake, or has ended.
        }
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            await _signal.WaitAsync(_end.Token).ConfigureAwait(false);
            try
            {
                while (_server.Link is { } link && await WorkAsync(link).ConfigureAwait(false))
                {
                }
            }
            catch (Exception error) when (PostgreSqlFault.Is(error) || error is BrokerUnavailableException)
            {
                // The next look at the news wakes it again.
                if (_server.Link is { } link)
                {
                    _server.Failed(link, error);
                }
            }
        }
    }

    // Whether there may be more, for this node.
    private async Task<bool> WorkAsync(PostgreSqlLink link)
    {
        await using var connection = await link.Database.OpenAsync().ConfigureAwait(false);
        var inbox = link.Inbox;
        var channels = await new Statement(
            "SELECT DISTINCT channel FROM (SELECT channel FROM tidings.inbox WHERE id >= tidings.first_1($1, $2, $3) ORDER BY id LIMIT $4) i", inbox.From, inbox.Running, inbox.Since, MostAtOnce)
            .RunAsync(connection, ReadAsync).ConfigureAwait(false);
        if (channels.Count == 0)
        {
            return false;
        }

        foreach (var wrong in channels.Where(static channel => !ChannelName.IsValid(channel)).ToList())
        {
            channels.Remove(wrong);
            await new Statement("DELETE FROM tidings.inbox WHERE channel = $1", wrong).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false);
            _lost.WrongName(wrong);
        }

        if (channels.Count == 0)
        {
            return true;
        }

        var batch = new PublishBatch(_retentionOf, _toldOf);
        channels.ForEach(batch.AddInbox);
        var answer = await PublishQueue.RunAsync(connection, batch.ToStatement(link.Generation, inbox, tries: true)).ConfigureAwait(false);
        _lost.Refused(answer.Refused);
        if (answer.Taken > 0)
        {
            channels.ForEach(_touched);
        }

        return answer.Taken > 0;
    }

    private static async Task<List<string>> ReadAsync(NpgsqlDataReader rows)
    {
        var channels = new List<string>();
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            channels.Add(rows.GetString(0));
        }

        return channels;
    }
}
