using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Tidings.Client;

/// <summary>Adds a client to an application's services.</summary>
public static class TidingsClientServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="TidingsClient"/> for the whole application, which disposes it at its end. Log and clock are the application's where it has them.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="address">Of the server's <c>/connect</c>.</param>
    /// <param name="configure">Sets options; null for the defaults.</param>
    public static IServiceCollection AddTidingsClient(this IServiceCollection services, Uri address, Action<IServiceProvider, TidingsClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(address);
        services.TryAddSingleton(provider =>
        {
            var options = new TidingsClientOptions
            {
                LoggerFactory = provider.GetService<ILoggerFactory>(),
                TimeProvider = provider.GetService<TimeProvider>() ?? TimeProvider.System,
            };
            configure?.Invoke(provider, options);
            return new TidingsClient(address, options);
        });
        return services;
    }
}
