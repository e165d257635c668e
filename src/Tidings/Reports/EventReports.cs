using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Protocol.Replies;

namespace Tidings.Reports;

/// <summary>What is told to back ends and handlers, by whatever node, while somebody follows it; otherwise it costs nothing. Safe from any thread.</summary>
internal sealed class EventReports(Hub hub, IBroker broker, EventEngine events, TimeProvider time)
{
    // No name that a client, a token or the server API could say.
    private const string Channel = "\u0002events";

    private const int MostWaiting = 256;

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(3);

    /// <summary>Each batch that is told from now on, as JSON: <c>receiver</c>, <c>outcome</c>, <c>why</c>, <c>events</c>.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listener = new Listener();
        hub.Listen(listener, Channel);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = AskAsync(ending.Token);
        try
        {
            await foreach (var told in listener.Queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return told;
            }
        }
        finally
        {
            hub.EndListening(listener, Channel);
            await ending.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says what was told. Called only while somebody follows.</summary>
    public void Tell(EventReceiver receiver, DeliveryOutcome outcome, IReadOnlyList<QueuedEvent> told)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("receiver"u8, receiver.Name);
        frame.Writer.WriteString("outcome"u8, EventMetrics.NameOf(outcome.Result));
        if (outcome.Why is { } why)
        {
            frame.Writer.WriteString("why"u8, why);
        }

        frame.Writer.WriteStartArray("events"u8);
        foreach (var one in told)
        {
            frame.Writer.WriteRawValue(one.Json.Span, skipInputValidation: true);
        }

        frame.Writer.WriteEndArray();
        _ = PublishAsync(new MessageData(DataKind.Json, frame.EndJson().ToArray()));
    }

    private async Task PublishAsync(MessageData data)
    {
        try
        {
            await broker.PublishAsync(new Publication(Channel, data) { Ephemeral = true }).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Who follows elsewhere does not see it; it was told all the same.
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await broker.ListenAsync(Channel, cancellationToken).ConfigureAwait(false);
                for (var i = 0; i < events.Deliveries.Count; i++)
                {
                    await events.Store!.AskAsync(i, EventAsk.Follow).ConfigureAwait(false);
                }
            }
            catch (BrokerUnavailableException)
            {
            }

            await Task.Delay(AskEvery, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Listener : IMessageListener
    {
        public Channel<ReadOnlyMemory<byte>> Queue { get; } = System.Threading.Channels.Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

        public void Offer(Message message) => Queue.Writer.TryWrite(message.Data.Bytes);
    }
}
