namespace Tidings.Client.Transports;

/// <summary>Where the server is and how it is spoken to, in the scheme of each transport.</summary>
internal sealed class ServerAddress
{
    /// <param name="address">Of <c>/connect</c>: ws, wss, http or https.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public ServerAddress(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme is not ("ws" or "wss" or "http" or "https"))
        {
            throw new ArgumentException("The address must be absolute, with ws, wss, http or https.", nameof(address));
        }

        var secure = address.Scheme is "wss" or "https";
        WebSocket = With(address, secure ? "wss" : "ws");
        Http = With(address, secure ? "https" : "http");
    }

    public Uri WebSocket { get; }
    public Uri Http { get; }

    private static Uri With(Uri address, string scheme) =>
        new UriBuilder(address) { Scheme = scheme, Port = address.IsDefaultPort ? -1 : address.Port, Fragment = "" }.Uri;
}
