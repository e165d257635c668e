namespace Tidings.AspNetCore.Api.Tests.Events;

internal static class Registration
{
    /// <summary>Has a back end told.</summary>
    public static void Register(this EventBackEnd receiver, TidingsOptions options, Action<EventReceiverOptions>? more = null)
    {
        var registered = new EventReceiverOptions { Url = receiver.Url, Secret = EventBackEnd.Secret };
        more?.Invoke(registered);
        options.Events.Add(registered);
    }
}
