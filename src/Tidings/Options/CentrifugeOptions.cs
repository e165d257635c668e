using Tidings.Options;

namespace Tidings;

/// <summary>Clients and back ends that speak the Centrifuge protocol, version 2 (docs/guides/centrifuge.md).</summary>
public sealed class CentrifugeOptions
{
    /// <summary>Whether the standalone server has the protocol's routes. Default false; applications map them by <c>MapCentrifuge</c>.</summary>
    public bool Enabled { get; set; }

    /// <summary>With what back ends sign tokens of connections and subscriptions (HS256, HS384, HS512), as they do for Centrifugo. Default none: tokens are those of <see cref="JwtOptions"/>.
    /// Shorter than 16 characters only where every address that the server listens on is a loopback one.</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    public string? Secret { get; set; }

    /// <summary>The key of the protocol's HTTP API. Default none: the API takes the keys of the server API.
    /// Shorter than 16 characters only where every address that the server listens on is a loopback one.</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    public string? ApiKey { get; set; }

    /// <summary>Where the protocol's HTTP API is. Default <c>/centrifugo/api</c>.</summary>
    [OptionForm("a path, as /centrifugo/api")]
    public string ApiPath { get; set; } = "/centrifugo/api";

    /// <summary>Whether its clients need no token and may do everything in all channels, and its API needs no key: for trying out. Default false.
    /// The server does not start where it listens on any other than a loopback address.</summary>
    public bool Insecure { get; set; }
}
