using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Publishes events that have been committed, however long the broker is away.</summary>
internal static class EventPublishing
{
    /// <param name="live">Whose event it is.</param>
    /// <param name="e">The event.</param>
    /// <param name="transaction">Its transaction, or 0.</param>
    /// <param name="row">Its row in the outbox.</param>
    /// <param name="key">By which a repeat is known.</param>
    /// <param name="attempt">Makes one attempt: gets the publishing, and may refuse it or do something meanwhile.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task PublishAsync(LiveContext live, OutboxEvent e, long transaction, long row, string key, Func<Func<Task>, Task> attempt, CancellationToken cancellationToken)
    {
        var retry = new Retry(live.Time);
        while (true)
        {
            try
            {
                await attempt(() => live.PublishAsync(e, transaction, row, key, cancellationToken).AsTask());
                live.Outages.Published();
                return;
            }
            catch (Exception error) when (error is ArgumentException or FormatException or NotSupportedException)
            {
                // It would be refused for ever, and hold back all that come after it.
                OutboxLog.EventRefused(live.Log, error, e.Channel);
                return;
            }
#pragma warning disable CA1031 // Whatever it is, what was committed must be published.
            catch (Exception error) when (error is not RelayLostException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                live.Outages.PublishFailed(error);
                await retry.WaitAsync(cancellationToken);
            }
        }
    }
}
