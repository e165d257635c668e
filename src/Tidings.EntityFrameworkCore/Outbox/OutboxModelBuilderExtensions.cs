using Tidings.EntityFrameworkCore.Outbox;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Adds the table of Tidings' outbox to a model.</summary>
public static class OutboxModelBuilderExtensions
{
    private const int LongestChannel = 255;
    private const int LongestKey = 128;

    /// <summary>Adds the table in which events wait, in the same transaction as what they tell of, until they are published.</summary>
    /// <remarks>Rows are deleted when they have been published: the table holds what waits, and nothing else. Providers without tables ignore it.</remarks>
    /// <param name="modelBuilder">The model that is being made, in <c>OnModelCreating</c>.</param>
    /// <param name="table">The table's name.</param>
    /// <param name="schema">Its schema; null for the model's own.</param>
    public static ModelBuilder AddTidingsOutbox(this ModelBuilder modelBuilder, string table = "tidings_outbox", string? schema = null)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        ArgumentException.ThrowIfNullOrEmpty(table);
        modelBuilder.Entity<OutboxRow>(row =>
        {
            row.ToTable(table, schema);
            row.HasKey(static e => e.Id);
            row.Property(static e => e.Id).HasColumnName("id").ValueGeneratedOnAdd();
            row.Property(static e => e.Channel).HasColumnName("channel").HasMaxLength(LongestChannel);
            row.Property(static e => e.Key).HasColumnName("key").HasMaxLength(LongestKey);
            row.Property(static e => e.Data).HasColumnName("data");
            row.Property(static e => e.Hidden).HasColumnName("hidden");
            row.Property(static e => e.Transaction).HasColumnName("transaction");
        });
        return modelBuilder;
    }
}
