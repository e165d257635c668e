using Tidings.AspNetCore.Hooks;
using Tidings.Events;
using Tidings.Options;

namespace Tidings.AspNetCore.Events;

/// <summary>The back ends that options have told of events, and what they are told with.</summary>
internal sealed class Webhooks(BackEnds backEnds, TimeProvider time) : IDisposable
{
    private const int MostConnections = 4;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _http = BackEnds.CreateHttp(ConnectTimeout, MostConnections);

    /// <param name="options">Valid ones.</param>
    public IEnumerable<EventReceiver> ReceiversOf(IEnumerable<EventReceiverOptions> options)
    {
        // Of two with the same URL the second has a queue of its own, too.
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var receiver in options)
        {
            var url = new Uri(receiver.Url!);
            var turn = seen[receiver.Url!] = seen.GetValueOrDefault(receiver.Url!) + 1;
            yield return new EventReceiver(
                EventIds.Hash($"{receiver.Url}\n{turn}"),
                // Neither the query, which may bear a secret.
                url.Authority + url.AbsolutePath + (turn == 1 ? "" : $" ({turn})"),
                EventFilter.Of(receiver),
                new WebhookTarget(url, new WebhookSignature(EventFaults.SecretsOf(receiver.Secret)!), _http, backEnds, time));
        }
    }

    public void Dispose() => _http.Dispose();
}
