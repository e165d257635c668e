using Tidings.Options;

namespace Tidings;

/// <summary>A back end that is told of events by signed POSTs (docs/guides/events.md). Only this URL is ever called.</summary>
public sealed class EventReceiverOptions
{
    /// <summary>Where events are posted. Required.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? Url { get; set; }

    /// <summary>What requests are signed with, as Standard Webhooks has it: <c>whsec_</c> and 24 to 64 bytes in base64. While a secret is being changed, two with a space
    /// between them: both sign. Required.</summary>
    [OptionForm("whsec_ and 24 to 64 bytes in base64")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>Which events: <c>connection.opened</c>, <c>connection.closed</c>, <c>channel.occupied</c>, <c>channel.vacated</c>, <c>member.joined</c>, <c>member.left</c>, <c>member.updated</c>,
    /// <c>message.published</c>. <c>events.trimmed</c> is always told. Default empty: all.</summary>
    [OptionForm("the name of an event")]
    public IList<string> Types { get; } = [];

    /// <summary>Patterns of the channels whose <c>channel.*</c>, <c>member.*</c> and <c>message.*</c> are told. Default empty: all but <c>message.*</c>, and not of <c>all</c>, <c>user:</c>, <c>task:</c> and
    /// <c>resource:</c>, which must be named.</summary>
    [OptionForm("a pattern of channels")]
    public IList<string> Channels { get; } = [];
}
