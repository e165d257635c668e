using System.Runtime.Versioning;

namespace Tidings.Client.Contracts;

/// <summary>What the platform lets a client do.</summary>
internal sealed class ClientPlatform
{
    /// <summary>The one that this runs on.</summary>
    public static readonly ClientPlatform Current = new();

    /// <summary>
    /// Whether requests are the client's own: their headers, their cookies, the handshake. In a browser (Blazor WebAssembly) they are the browser's, which
    /// names itself and its page, and gives a handshake no headers but the subprotocols.
    /// </summary>
    [UnsupportedOSPlatformGuard("browser")]
    public bool OwnsRequests { get; init; } = !OperatingSystem.IsBrowser();

    /// <summary>What requests go through where the application names nothing.</summary>
    public static HttpMessageHandler NewHandler() =>
        OperatingSystem.IsBrowser() ? new HttpClientHandler() : new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
}
