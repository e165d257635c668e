using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Tidings;
using Tidings.EntityFrameworkCore.Tasks;
using Tidings.Tasks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Tasks in a database.</summary>
public static class TaskStoreExtensions
{
    /// <summary>Keeps tasks in the database of a context, so that they survive every process. Its provider must be relational; PostgreSQL is what it is
    /// tested with.</summary>
    /// <remarks>The context must be among the application's services, and call <see cref="TaskModelBuilderExtensions.AddTidingsTasks"/> where it makes its model; otherwise the start fails.</remarks>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="tidings">What <c>AddTidings</c> returned.</param>
    public static TidingsServiceBuilder AddTaskStore<TContext>(this TidingsServiceBuilder tidings)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(tidings);
        tidings.Services.RemoveAll<ITaskStore>();
        tidings.Services.AddSingleton<ITaskStore, EntityTaskStore<TContext>>();
        tidings.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TaskModelCheck<TContext>>());
        return tidings;
    }
}
