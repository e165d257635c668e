using Microsoft.Extensions.Hosting;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>Publishes what is in the outbox of one context, on one node at a time.</summary>
/// <remarks>
/// It takes what is visible in the order of ids, publishes each row under a key made of its id, and deletes it: no mark is kept of how far
/// it came, because on PostgreSQL a transaction that ends late may show a lower id. The lock of who does it belongs to the session that reads
/// (<see cref="RelaySession"/>): a node that has lost the one has lost the other, and notices it before the next publish.
/// </remarks>
internal sealed class OutboxRelay(LiveContext live, OutboxProgress progress) : BackgroundService
{
    private const int BatchSize = 256;

    // How often is looked where nothing says that there is something: often enough to keep a session's lease.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The start of the application does not wait for its database.
        await Task.Yield();
        var retry = new Retry(live.Time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RelaySession.OpenAsync(live, stoppingToken) is not { } session)
                {
                    return;
                }

                await using (session)
                {
                    await RunAsync(session, retry, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, what was committed must be published.
            catch (Exception error)
#pragma warning restore CA1031
            {
                progress.FallBehind();
                live.Outages.DatabaseFailed(error);
                await retry.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunAsync(RelaySession session, Retry retry, CancellationToken cancellationToken)
    {
        while (!await session.TryLockAsync(cancellationToken))
        {
            progress.Found(0);

            // What this node commits its holder hears of, once for all that was committed meanwhile.
            if (await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken))
            {
                await session.AnnounceAsync(cancellationToken);
            }
        }

        OutboxLog.Holds(live.Log, live.ContextType.Name);
        await using var listener = session.Listen();
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await PublishBatchAsync(session, cancellationToken) == 0)
            {
                retry.Succeeded();
                live.Outages.DatabaseAnswered();
                await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken);
            }
        }
    }

    private async Task<int> PublishBatchAsync(RelaySession session, CancellationToken cancellationToken)
    {
        var events = await session.FetchAsync(BatchSize, cancellationToken);
        progress.Found(events.Count);
        var published = new List<WaitingEvent>(events.Count);
        try
        {
            foreach (var waiting in events)
            {
                await live.Publisher.PublishAsync(
                    waiting.Event, waiting.Transaction, waiting.Id, waiting.IdempotencyKey, publish => session.PublishAsync(publish, cancellationToken), cancellationToken);
                published.Add(waiting);
            }
        }
        finally
        {
            if (published.Count > 0)
            {
                await session.DeleteAsync([.. published.Select(static waiting => waiting.Id)], cancellationToken);
                foreach (var channel in published.GroupBy(static waiting => waiting.Event.Channel))
                {
                    await live.Node.Broker.ReleaseAsync(channel.Key, [.. channel.Select(static waiting => waiting.IdempotencyKey)], cancellationToken);
                }
            }
        }

        return events.Count;
    }
}
