using Tidings.Client;
using Tidings.Faults.Journals;

namespace Tidings.Faults.Readers;

/// <summary>By the .NET client, which comes back and recovers by itself.</summary>
internal sealed class ClientReader(ReaderContext context, SubscriptionTerms terms, Random random) : Reader(context, terms with { Transport = ".net" }, random)
{
    protected override async Task<int> ReadAsync(Uri node, CancellationToken end)
    {
        var address = new UriBuilder(Context.Front) { Scheme = "ws", Path = "/connect" }.Uri;
        await using var client = new TidingsClient(address, new TidingsClientOptions { Transports = [ClientTransport.WebSocket] });
        client.StateChanged += change =>
        {
            Connection = change.State == ClientState.Connected ? client.Connection : null;
            if (change.State == ClientState.Waiting)
            {
                Left(change.Reason?.Code ?? 1006);
            }
        };
        await using var subscription = client.Subscribe(Terms.Channel, new SubscribeOptions { Since = Journal.Cursor, QueueLength = 4096 });
        await foreach (var told in subscription.WithCancellation(end))
        {
            switch (told)
            {
                case ChannelSubscribed { Recovered: null } first:
                    Journal.Subscribed(first.Position, null, null);
                    Live();
                    break;
                case ChannelSubscribed { Recovered: true } again:
                    Journal.Subscribed(again.Position, Journal.Cursor, recovered: true);
                    Live();
                    break;
                case ChannelSubscribed:
                    // What is missing is told next.
                    Live();
                    break;
                case ChannelMessage message:
                    var name = Payload.NameOf(message.Data.Span);
                    Journal.Message(message.Position?.Offset ?? 0, name);
                    Context.Lags.Came(name);
                    break;
                case ChannelGap gap:
                    Journal.Gap(gap.Position, gap.From, gap.To, gap.Reason);
                    break;
            }
        }

        return 1000;
    }
}
