using Tidings.AspNetCore.Events;
using Tidings.AspNetCore.Pusher;
using Tidings.Events;
using Tidings.Options;

namespace Tidings.AspNetCore.Hosting;

/// <summary>The back ends that options have told of events.</summary>
internal static class EventReceivers
{
    /// <param name="webhooks">Makes them.</param>
    /// <param name="options">Valid ones.</param>
    public static IEnumerable<EventReceiver> Of(Webhooks webhooks, TidingsOptions options)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var receiver in options.Events)
        {
            yield return webhooks.Make("", receiver.Url!, TurnOf(receiver.Url!), "", EventFilter.Of(receiver), new StandardWebhookForm(new WebhookSignature(EventFaults.SecretsOf(receiver.Secret)!)));
        }

        foreach (var app in PusherApp.AllOf(options.Pusher))
        {
            var group = $"pusher {app.Id}\n";
            foreach (var webhook in app.Webhooks)
            {
                yield return webhooks.Make(group, webhook.Url!, TurnOf(group + webhook.Url), $"app {app.Id}, ", PusherWebhookForm.FilterOf(app, webhook), new PusherWebhookForm(app));
            }
        }

        int TurnOf(string key) => seen[key] = seen.GetValueOrDefault(key) + 1;
    }
}
