using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Tidings.EntityFrameworkCore.Tasks;
using Tidings.Tasks;

namespace Tidings;

/// <summary>Tasks in a database.</summary>
public static class TaskStoreExtensions
{
    private const int LongestId = 128;
    private const int LongestName = 128;
    private const int LongestStatus = 16;

    /// <summary>Keeps tasks in the database of a context, so that they survive every process. Its provider must be relational; PostgreSQL is what it is
    /// tested with.</summary>
    /// <remarks>The context must be among the application's services, and call <see cref="AddTidingsTasks"/> where it makes its model; otherwise the start fails.</remarks>
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

    /// <summary>Adds the table <c>tidings_tasks</c> to a context's model: call it in <c>OnModelCreating</c>. Migrations make the table as they make all others.</summary>
    /// <param name="model">The model.</param>
    public static ModelBuilder AddTidingsTasks(this ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Entity<TaskRow>(static task =>
        {
            task.ToTable("tidings_tasks");
            task.HasKey(static row => row.Id);
            task.Property(static row => row.Id).HasColumnName("id").HasMaxLength(LongestId);
            task.Property(static row => row.Name).HasColumnName("name").HasMaxLength(LongestName);
            task.Property(static row => row.Status).HasColumnName("status").HasMaxLength(LongestStatus);
            task.Property(static row => row.Version).HasColumnName("version");
            task.Property(static row => row.Due).HasColumnName("due");
            task.Property(static row => row.Record).HasColumnName("record");
            task.HasIndex(static row => row.Due).HasDatabaseName("ix_tidings_tasks_due");
        });
    }
}
