using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidings;
using Tidings.Engine;
using Tidings.PostgreSql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes many nodes one, over PostgreSQL.</summary>
public static class PostgreSqlServiceExtensions
{
    /// <summary>Shares logs, presence, direct messages, tasks, revocations and limits with all nodes that use the same database.</summary>
    /// <remarks>The first node makes the schema <c>tidings</c>, where its role may; otherwise <c>tidings postgres init --print</c> prints what somebody else runs. The application starts also while
    /// PostgreSQL is away, and is ready once it is there.</remarks>
    /// <param name="tidings">What <c>AddTidings</c> has returned.</param>
    /// <param name="connectionString">See <see cref="PostgreSqlOptions.ConnectionString"/>.</param>
    /// <param name="configure">Sets what else there is to set.</param>
    /// <exception cref="ArgumentException">Options are wrong; all of them are named.</exception>
    /// <exception cref="InvalidOperationException">The application keeps its logs otherwise already, as with <c>AddRedis</c> or <c>AddData</c>.</exception>
    public static TidingsServiceBuilder AddPostgreSql(this TidingsServiceBuilder tidings, string connectionString, Action<PostgreSqlOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(tidings);
        var options = new PostgreSqlOptions { ConnectionString = connectionString };
        configure?.Invoke(options);
        if (options.Faults().ToList() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(connectionString));
        }

        return tidings.AddPostgreSql(options);
    }

    internal static TidingsServiceBuilder AddPostgreSql(this TidingsServiceBuilder tidings, PostgreSqlOptions options)
    {
        if (tidings.Services.Any(static service => service.ServiceType == typeof(IBackplaneFactory) && service.ImplementationType != typeof(PostgreSqlBackplaneFactory)))
        {
            throw new InvalidOperationException("AddPostgreSql shares the logs of many nodes on PostgreSQL: it goes neither with AddRedis nor with AddData. Call one of them.");
        }

        tidings.Services.AddSingleton(options);
        tidings.Services.TryAddSingleton<IBackplaneFactory, PostgreSqlBackplaneFactory>();
        return tidings;
    }
}
