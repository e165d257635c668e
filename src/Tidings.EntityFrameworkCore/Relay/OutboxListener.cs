using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>Hears what other nodes have committed, until it is disposed. Where it cannot, the relay still looks by itself once a second.</summary>
internal sealed class OutboxListener : IAsyncDisposable
{
    private const string Name = "tidings_outbox";

    /// <summary>Tells the one that listens.</summary>
    public const string Notify = $"NOTIFY {Name}";

    // A session that is cut in silence is found by a word now and then.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(3);

    private readonly LiveContext _live;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public OutboxListener(LiveContext live)
    {
        _live = live;
        _running = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();

        // One that does not answer ends by itself.
        await ((Task)_running.WaitAsync(LongestAnswer, _live.Time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        var token = _end.Token;
        var retry = new Retry(_live.Time);
        while (!token.IsCancellationRequested)
        {
            try
            {
                await _live.UseAsync(context => ListenAsync(context, token));
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The relay tells of a database that is away.
            catch (Exception)
#pragma warning restore CA1031
            {
                await retry.WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<bool> ListenAsync(DbContext context, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        connection.Notification += OnNotification;
        try
        {
            await ExecuteAsync(connection, $"LISTEN {Name}", cancellationToken);
            _live.Committed.Set();
            while (true)
            {
                if (!await connection.WaitAsync(Silence, cancellationToken))
                {
                    await ExecuteAsync(connection, "SELECT 1", cancellationToken);
                }
            }
        }
        finally
        {
            connection.Notification -= OnNotification;
        }

        void OnNotification(object sender, NpgsqlNotificationEventArgs e) => _live.Committed.Set();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = (int)LongestAnswer.TotalSeconds;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
