namespace Tidings.EntityFrameworkCore.Tasks;

/// <summary>A task in the database.</summary>
internal sealed class TaskRow
{
    public required string Id { get; set; }

    /// <summary>For people who look into the table, as <see cref="Status"/> is.</summary>
    public required string Name { get; set; }

    public required string Status { get; set; }

    /// <summary>What a change must know to be made.</summary>
    public long Version { get; set; }

    /// <summary>By the database's clock.</summary>
    public DateTime Due { get; set; }

    /// <summary>All else, as JSON.</summary>
    public required string Record { get; set; }
}
