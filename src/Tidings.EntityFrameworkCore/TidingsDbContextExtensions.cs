using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Tidings;
using Tidings.EntityFrameworkCore.Capture;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Relay;
using Tidings.EntityFrameworkCore.Resources;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes a context known to Tidings.</summary>
public static class TidingsDbContextExtensions
{
    /// <summary>Has Tidings see what a context saves, for live resources and the outbox. The context itself is added as ever, before or after.</summary>
    /// <remarks>With a relational provider the model needs <c>modelBuilder.AddTidingsOutbox()</c>, too; the start says so where it is missing.</remarks>
    /// <param name="builder">What <c>AddTidings</c> returns.</param>
    /// <typeparam name="TContext">The context.</typeparam>
    public static TidingsServiceBuilder AddDbContext<TContext>(this TidingsServiceBuilder builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (services.Any(static service => service.ServiceType == typeof(LiveContext<TContext>)))
        {
            return builder;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<OutboxMetrics>();
        services.TryAddSingleton<ResourceNames>();
        services.AddSingleton<LiveContext<TContext>>();
        services.AddSingleton<ContextCapture<TContext>>();
        services.ConfigureDbContext<TContext>(static (provider, options) =>
            options.AddInterceptors(provider.GetRequiredService<ContextCapture<TContext>>().Interceptors));
        services.TryAddScoped(static provider => new Outbox<TContext>(provider.GetRequiredService<TContext>(), provider.GetRequiredService<LiveContext<TContext>>()));
        services.AddSingleton<IHostedService>(static provider => new LiveContextStart(provider.GetRequiredService<LiveContext<TContext>>()));
        services.AddSingleton<IHostedService>(static provider => new OutboxRelay(
            provider.GetRequiredService<LiveContext<TContext>>(), provider.GetRequiredService<OutboxMetrics>().Add()));
        return builder;
    }
}
