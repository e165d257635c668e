using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidings;
using Tidings.Engine;
using Tidings.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes many nodes one, over Redis.</summary>
public static class RedisServiceExtensions
{
    /// <summary>Shares logs, presence, direct messages, revocations and limits with all nodes that name the same servers and prefix.</summary>
    /// <param name="tidings">What <c>AddTidings</c> has returned.</param>
    /// <param name="configuration">See <see cref="RedisOptions.Configuration"/>.</param>
    /// <param name="configure">Sets what else there is to set.</param>
    /// <exception cref="ArgumentException">Options are wrong; all of them are named.</exception>
    /// <exception cref="InvalidOperationException">The application keeps its logs otherwise already, as with <c>AddData</c>.</exception>
    public static TidingsServiceBuilder AddRedis(this TidingsServiceBuilder tidings, string configuration, Action<RedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tidings);
        var options = new RedisOptions { Configuration = configuration };
        configure?.Invoke(options);
        if (options.Faults().ToList() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(configuration));
        }

        return tidings.AddRedis(options);
    }

    internal static TidingsServiceBuilder AddRedis(this TidingsServiceBuilder tidings, RedisOptions options)
    {
        if (tidings.Services.Any(static service => service.ServiceType == typeof(IBackplaneFactory) && service.ImplementationType != typeof(RedisBackplaneFactory)))
        {
            throw new InvalidOperationException("AddRedis shares the logs of many nodes, and AddData keeps those of a single one: call one of them.");
        }

        tidings.Services.AddSingleton(options);
        tidings.Services.TryAddSingleton<IBackplaneFactory, RedisBackplaneFactory>();
        return tidings;
    }
}
