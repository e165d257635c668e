using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings;
using Tidings.AspNetCore.Events;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Hooks;
using Tidings.AspNetCore.Hosting;
using Tidings.AspNetCore.Metrics;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Lanes;
using Tidings.Pressure;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Tidings to an application's services.</summary>
public static class TidingsServiceCollectionExtensions
{
    // The host's own shutdown must outlast our drain.
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(15);

    /// <summary>Adds Tidings: connections, channels, and a broker in memory. May be called more than once.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options; wrong ones stop the start, all named together.</param>
    /// <returns>What further packages are added by.</returns>
    public static TidingsServiceBuilder AddTidings(this IServiceCollection services, Action<TidingsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<TidingsOptions>().ValidateOnStart();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        // UseTidings adds them, too.
        if (services.Any(static service => service.ServiceType == typeof(LaneSet)))
        {
            return new TidingsServiceBuilder(services);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TidingsOptions>, Validator>());
        services.AddMetrics();
        services.TryAddSingleton<MetricsCollector>();
        NodeBuilder.TryAddParts(services, OptionsOf);
        services.TryAddSingleton(static provider => new BackEnds(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new Webhooks(provider.GetRequiredService<BackEnds>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new ConfiguredHooks(
            OptionsOf(provider).Hooks, provider.GetRequiredService<BackEnds>(), provider.GetRequiredService<BodyBudget>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ConnectionRegistry>>()));
        services.TryAddSingleton(static provider => new CallTable(provider.GetRequiredService<ConfiguredHooks>().Calls));
        services.TryAddSingleton(MakeNode);
        services.TryAddSingleton<Edge>();
        services.TryAddSingleton(static provider => provider.GetNode().Facade);
        services.TryAddSingleton(static provider => provider.GetNode().Tasks.Facade);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TidingsLifetime>());
        services.AddOptions<HostOptions>().Configure<IOptions<TidingsOptions>, IHostEnvironment>(static (host, tidings, environment) =>
        {
            var needed = DrainDefaults.SpanOf(tidings.Value, environment) + AfterDrain;
            host.ShutdownTimeout = needed > host.ShutdownTimeout ? needed : host.ShutdownTimeout;
        });
        services.AddHealthChecks().AddCheck<ReadinessCheck>("tidings", tags: [ReadinessCheck.Tag]);
        return new TidingsServiceBuilder(services);
    }

    private static TidingsOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<TidingsOptions>>().Value;

    private static Node MakeNode(IServiceProvider provider)
    {
        var options = OptionsOf(provider);
        var environment = provider.GetService<IHostEnvironment>();
        var parts = NodeBuilder.Of(provider, options, provider.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions) with
        {
            KindOf = provider.GetRequiredService<ConfiguredHooks>().KindOf,
            Calls = provider.GetRequiredService<CallTable>(),
            DrainSpan = DrainDefaults.SpanOf(options, environment),
            TellsReasons = environment?.IsDevelopment() ?? false,
        };
        var node = parts.Build();
        foreach (var receiver in EventReceivers.Of(provider.GetRequiredService<Webhooks>(), options))
        {
            node.Events.Add(receiver);
        }

        return node;
    }

    [SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
    private sealed class Validator : IValidateOptions<TidingsOptions>
    {
        public ValidateOptionsResult Validate(string? name, TidingsOptions options)
        {
            var faults = TidingsOptionsValidator.Faults(options).ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
