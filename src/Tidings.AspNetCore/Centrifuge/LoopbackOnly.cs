using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>What is good for trying out alone: the server stops where it listens on an address that others reach.</summary>
internal static partial class LoopbackOnly
{
    private const int ShortestSecret = 16;

    /// <summary>Looks at the addresses as soon as they are known.</summary>
    public static void Require(IServiceProvider services, CentrifugeOptions options)
    {
        if (OptionOf(options) is not { } option || services.GetService<IHostApplicationLifetime>() is not { } lifetime)
        {
            return;
        }

        lifetime.ApplicationStarted.Register(() =>
        {
            var addresses = services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            if (addresses.FirstOrDefault(static address => !IsLoopback(address)) is { } open)
            {
                Refused(services.GetRequiredService<ILoggerFactory>().CreateLogger("Tidings.Centrifuge"), option, open);
                lifetime.StopApplication();
            }
        });
    }

    /// <summary>What of the options is for trying out alone; null where nothing is.</summary>
    public static string? OptionOf(CentrifugeOptions options) =>
        options.Insecure ? "Tidings:Centrifuge:Insecure"
        : options.Secret?.Length < ShortestSecret ? "Tidings:Centrifuge:Secret of less than 16 characters"
        : options.ApiKey?.Length < ShortestSecret ? "Tidings:Centrifuge:ApiKey of less than 16 characters"
        : null;

    public static bool IsLoopback(string address) => Uri.TryCreate(address.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url) && url.IsLoopback;

    [LoggerMessage(330, LogLevel.Critical, "{Option} is only for trying out, and the server listens on {Address}, which is no loopback address: it stops. Listen on localhost alone, or change the option.")]
    private static partial void Refused(ILogger log, string option, string address);
}
