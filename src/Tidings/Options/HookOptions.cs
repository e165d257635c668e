using Tidings.Options;

namespace Tidings;

/// <summary>Back ends in any language that are asked over HTTP (docs/guides/hooks.md). Only these URLs are ever called, and those of <see cref="ChannelOptions"/>.</summary>
public sealed class HookOptions
{
    /// <summary>The URL that says who may connect to the channel protocol, and as whom. Default none: everybody, as whom the web server's authentication says.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? Connect { get; set; }

    /// <summary>The URL that is asked when the time is over for which <see cref="Connect"/> let a user in (<c>expires</c>). Default none: the connection is closed then.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? Refresh { get; set; }

    /// <summary>The URL that answers calls which no code of the application answers. Default none: they are refused.</summary>
    [OptionForm("a URL")]
    [SecretOption]
    public string? Call { get; set; }

    /// <summary>What requests are signed with: at least 16 characters. Required where there is a hook.</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>How long an answer may take; then what was asked for is refused with <c>unavailable</c>. Default 3 s, from 100 ms to 30 s.</summary>
    [OptionRange("100ms", "30s")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How many requests may be under way at once; more wait, within their time. Default 100, from 1 to 10,000.</summary>
    [OptionRange("1", "10000")]
    public int InFlight { get; set; } = 100;
}
