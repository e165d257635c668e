using Tidings.AspNetCore.Hooks;
using Tidings.Events;

namespace Tidings.AspNetCore.Events;

/// <summary>Makes receivers of events that are back ends, and has what they are told with.</summary>
internal sealed class Webhooks(BackEnds backEnds, TimeProvider time) : IDisposable
{
    private const int MostConnections = 4;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _http = BackEnds.CreateHttp(ConnectTimeout, MostConnections);

    /// <param name="group">What tells its queue from those of other features.</param>
    /// <param name="address">Its URL.</param>
    /// <param name="turn">Which one of that URL it is: of two the second has a queue of its own, too.</param>
    /// <param name="label">What stands before its address where people read it.</param>
    /// <param name="filter">What it is told.</param>
    /// <param name="form">How it is told.</param>
    public EventReceiver Make(string group, string address, int turn, string label, EventFilter filter, IWebhookForm form)
    {
        var url = new Uri(address);

        // Neither the query, which may bear a secret.
        return new EventReceiver(
            EventIds.Hash($"{group}{address}\n{turn}"), label + url.Authority + url.AbsolutePath + (turn == 1 ? "" : $" ({turn})"), filter, new WebhookTarget(url, form, _http, backEnds, time));
    }

    public void Dispose() => _http.Dispose();
}
