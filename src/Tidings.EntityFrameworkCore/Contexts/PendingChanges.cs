using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>What one context is about to commit and has not written into the outbox yet.</summary>
internal sealed class PendingChanges
{
    /// <summary>Whether <c>SaveChanges</c> is running.</summary>
    public bool IsSaving { get; set; }

    /// <summary>Whether the transaction is the caller's.</summary>
    public bool IsCallersTransaction { get; set; }

    /// <summary>Whether this save holds the gate of contexts without tables.</summary>
    public bool HoldsGate { get; set; }

    /// <summary>What to set back when the save has ended.</summary>
    public AutoTransactionBehavior? Behavior { get; set; }

    /// <summary>What <c>SaveChanges</c> is changing.</summary>
    public List<Change> Changes { get; } = [];

    /// <summary>What the application wants to say with the next save or commit.</summary>
    public List<OutboxEvent> Events { get; } = [];

    /// <summary>The events of all of it, in order, and nothing is pending any more.</summary>
    public List<OutboxEvent> Take()
    {
        var events = new List<OutboxEvent>(Changes.Count + Events.Count);
        foreach (var change in Changes)
        {
            if (change.ToEvent() is { } happened)
            {
                events.Add(happened);
            }
        }

        events.AddRange(Events);
        Changes.Clear();
        Events.Clear();
        return events;
    }
}

/// <summary>One entity that is being saved, as one resource shows it.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Entry">The entity; its values are read again when the database has accepted them.</param>
/// <param name="State">What happens to it.</param>
internal sealed record Change(Resource Resource, EntityEntry Entry, EntityState State)
{
    /// <summary>What is written, where the tracker forgets it with the save.</summary>
    private readonly HashSet<string> _written = State == EntityState.Modified
        ? [.. Entry.Properties.Where(static property => property.IsModified).Select(static property => property.Metadata.Name)]
        : [];

    /// <summary>The row before, locked until the commit; null where there was none.</summary>
    public object?[]? Before { get; set; }

    public object Key => Entry.Property(Resource.Key.PropertyName).CurrentValue!;

    /// <summary>The event, after the database has accepted the change.</summary>
    public OutboxEvent? ToEvent() => State switch
    {
        EntityState.Added => Resource.Events.Created(After([])),
        EntityState.Modified when Before is not null => Resource.Events.Updated(Before, After(Before)),
        EntityState.Deleted when Before is not null => Resource.Events.Deleted(Before),
        _ => null,
    };

    // What this save did not write is as the locked row had it, whatever a tracker that has read it long ago believes.
    private object?[] After(object?[] before)
    {
        var after = new object?[Resource.Columns.Count];
        for (var i = 0; i < after.Length; i++)
        {
            var property = Entry.Property(Resource.Columns[i].PropertyName);
            var isWritten = State == EntityState.Added || _written.Contains(property.Metadata.Name) || property.Metadata.ValueGenerated.HasFlag(Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.OnUpdate);
            after[i] = isWritten ? property.CurrentValue : before[i];
        }

        return after;
    }
}
