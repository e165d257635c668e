using Tidings.Options;

namespace Tidings;

/// <summary>Clients and back ends that speak the Pusher protocol (docs/guides/pusher.md).</summary>
public sealed class PusherOptions
{
    /// <summary>The applications whose keys are accepted. Default none: the protocol is off.</summary>
    public IList<PusherAppOptions> Apps { get; } = [];
}

/// <summary>One application of the Pusher protocol. Its channels are apart from those of others by <see cref="Prefix"/>.</summary>
public sealed class PusherAppOptions
{
    /// <summary>Its id, as in <c>/apps/{id}/events</c>. Required.</summary>
    [OptionForm("1 to 64 letters, digits, - and _")]
    public string Id { get; set; } = "";

    /// <summary>Its key, which clients show: no secret. Required.</summary>
    [OptionForm("1 to 64 letters, digits, - and _")]
    public string Key { get; set; } = "";

    /// <summary>Its secret, with which back ends sign requests, private channels and users. Required.</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    public string Secret { get; set; } = "";

    /// <summary>What stands before the names of its channels in the log that all clients share, as <c>shop:</c>. Default nothing; required of all applications but one.</summary>
    [OptionForm("at most 64 characters of a channel's name, the last one a :")]
    public string Prefix { get; set; } = "";

    /// <summary>Back ends that are told who came and went by the protocol's webhooks (docs/guides/pusher.md). At most 8, of all applications together. Default none.</summary>
    public IList<PusherWebhookOptions> Webhooks { get; } = [];
}

/// <summary>A back end that an application of the Pusher protocol tells by POSTs, signed with the application's secret. Only this URL is ever called.</summary>
public sealed class PusherWebhookOptions
{
    /// <summary>Where events are posted. Required.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? Url { get; set; }

    /// <summary>Which events: <c>channel_occupied</c>, <c>channel_vacated</c>, <c>member_added</c>, <c>member_removed</c>, <c>client_event</c>, <c>cache_miss</c>. Default empty: all.</summary>
    [OptionForm("the name of an event")]
    public IList<string> Types { get; } = [];
}
