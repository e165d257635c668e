using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Engine;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Messages;

namespace Tidings.EntityFrameworkCore.Publishing;

/// <summary>Publishes events that have been committed, however long the broker is away. Safe from any thread.</summary>
internal sealed class EventPublisher(string context, IServiceProvider services, TimeProvider time)
{
    private static readonly TimeSpan IdempotencyWindow = TimeSpan.FromDays(1);

    public Node Node => field ??= services.GetNode();

    public TimeProvider Time => time;

    public ILogger Log => field ??= services.GetRequiredService<ILoggerFactory>().CreateLogger("Tidings.Outbox");

    /// <summary>What is away of the database and the broker, as the log tells it.</summary>
    public OutboxOutages Outages => field ??= new OutboxOutages(context, time, Log);

    /// <param name="e">The event.</param>
    /// <param name="transaction">Its transaction, or 0.</param>
    /// <param name="row">Its row in the outbox.</param>
    /// <param name="key">By which a repeat is known, for a day: the database may be away between publishing and deleting.</param>
    /// <param name="attempt">Makes one attempt: gets the publishing, and may refuse it or do something meanwhile.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task PublishAsync(OutboxEvent e, long transaction, long row, string key, Func<Func<Task>, Task> attempt, CancellationToken cancellationToken)
    {
        var retry = new Retry(time);
        while (true)
        {
            try
            {
                await attempt(() => TryPublishAsync(e, transaction, row, key, cancellationToken).AsTask());
                Outages.Published();
                return;
            }
            catch (Exception error) when (error is ArgumentException or FormatException or NotSupportedException)
            {
                // It would be refused for ever, and hold back all that come after it.
                OutboxLog.EventRefused(Log, error, e.Channel);
                return;
            }
#pragma warning disable CA1031 // Whatever it is, what was committed must be published.
            catch (Exception error) when (error is not RelayLostException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                Outages.PublishFailed(error);
                await retry.WaitAsync(cancellationToken);
            }
        }
    }

    private async ValueTask TryPublishAsync(OutboxEvent e, long transaction, long row, string key, CancellationToken cancellationToken) =>
        await Node.Broker.PublishAsync(
            new Publication(e.Channel, new MessageData(DataKind.Json, e.Data))
            {
                Key = e.Key,
                IdempotencyKey = key,
                IdempotencyWindow = IdempotencyWindow,
                Hidden = e.Hidden is null ? null : RowEvent.Seal(transaction, row, e.Hidden),
                Retention = Node.Kinds.Find(e.Channel).Retention,
            },
            cancellationToken);
}
