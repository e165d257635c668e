using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.ForeignEngine.Tests.Cluster;

public static class ProcessClusterExtensions
{
    /// <summary>Makes an application a node of the cluster.</summary>
    public static IServiceCollection AddProcessCluster(this IServiceCollection services, ProcessCluster cluster)
    {
        services.TryAddSingleton(provider => new ProcessNode(cluster, provider.GetRequiredService<EngineSite>()));
        services.TryAddSingleton(provider => new ProcessUsersOfNode(cluster, provider.GetRequiredService<ProcessNode>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEngine, ProcessNode>(static provider => provider.GetRequiredService<ProcessNode>()));
        services.TryAddSingleton<IBroker>(_ => cluster.Logs);
        services.TryAddSingleton<IBrokerClock>(static provider => provider.GetRequiredService<ProcessNode>());
        services.TryAddSingleton<IPresenceStore>(provider => new ProcessPresence(cluster, provider.GetRequiredService<ProcessNode>()));
        services.TryAddSingleton<INodes>(static provider => provider.GetRequiredService<ProcessNode>());
        services.TryAddSingleton<IRevocationLog>(static provider => provider.GetRequiredService<ProcessUsersOfNode>());
        services.TryAddSingleton<IConnectionCounts>(static provider => provider.GetRequiredService<ProcessUsersOfNode>());
        services.TryAddSingleton<IClientNames>(static provider => provider.GetRequiredService<ProcessUsersOfNode>());
        services.TryAddSingleton<ITicketStore>(_ => cluster.Tickets);
        services.TryAddSingleton<ITaskStore>(_ => cluster.Tasks);
        services.TryAddSingleton<IStreamStore>(_ => cluster.Streams);
        services.TryAddSingleton<ILastSeen>(_ => cluster.Users);
        return services;
    }
}
