using Tidings.EntityFrameworkCore.Tasks;

namespace Microsoft.EntityFrameworkCore;

/// <summary>The table that tasks are kept in.</summary>
public static class TaskModelBuilderExtensions
{
    private const int LongestId = 128;
    private const int LongestName = 128;
    private const int LongestStatus = 16;

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
