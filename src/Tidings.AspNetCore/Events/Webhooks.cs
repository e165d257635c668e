using Tidings.AspNetCore.Hooks;
using Tidings.AspNetCore.Pusher;
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
    public IEnumerable<EventReceiver> ReceiversOf(TidingsOptions options)
    {
        // Of two with the same URL the second has a queue of its own, too.
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var receiver in options.Events)
        {
            yield return Make("", receiver.Url!, "", EventFilter.Of(receiver), new StandardWebhookForm(new WebhookSignature(EventFaults.SecretsOf(receiver.Secret)!)));
        }

        foreach (var app in PusherApp.AllOf(options.Pusher))
        {
            foreach (var webhook in app.Webhooks)
            {
                yield return Make($"pusher {app.Id}\n", webhook.Url!, $"app {app.Id}, ", PusherWebhookForm.FilterOf(app, webhook), new PusherWebhookForm(app));
            }
        }

        EventReceiver Make(string group, string address, string label, EventFilter filter, IWebhookForm form)
        {
            var url = new Uri(address);
            var turn = seen[group + address] = seen.GetValueOrDefault(group + address) + 1;

            // Neither the query, which may bear a secret.
            return new EventReceiver(
                EventIds.Hash($"{group}{address}\n{turn}"), label + url.Authority + url.AbsolutePath + (turn == 1 ? "" : $" ({turn})"), filter, new WebhookTarget(url, form, _http, backEnds, time));
        }
    }

    public void Dispose() => _http.Dispose();
}
