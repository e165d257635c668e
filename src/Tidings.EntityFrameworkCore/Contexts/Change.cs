using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Contexts;

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

    // The database gives a new row its key.
    private readonly object? _key = State == EntityState.Added ? null : KeyOf(Resource, Entry);

    /// <summary>The row before, locked until the commit; null where there was none.</summary>
    public object?[]? Before { get; set; }

    public object Key => _key ?? KeyOf(Resource, Entry);

    /// <summary>What a context is about to save, for each resource that shows it.</summary>
    public static List<Change> Of(LiveContext live, DbContext context)
    {
        // SaveChanges has looked for changes; to look again in the middle of it would take its own work for changes.
        var tracker = context.ChangeTracker;
        var detects = tracker.AutoDetectChangesEnabled;
        tracker.AutoDetectChangesEnabled = false;
        try
        {
            return
            [
                .. from entry in tracker.Entries()
                   where entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted
                   from resource in live.ResourcesOf(context, entry.Metadata.ClrType)
                   select new Change(resource, entry, entry.State),
            ];
        }
        finally
        {
            tracker.AutoDetectChangesEnabled = detects;
        }
    }

    /// <summary>The events, after the database has accepted the changes: one for each row. A row that was removed and added again is an update, whatever the tracker's order.</summary>
    public static List<OutboxEvent> ToEvents(IReadOnlyCollection<Change> changes)
    {
        var events = new List<OutboxEvent>(changes.Count);
        foreach (var row in changes.GroupBy(static change => (change.Resource, change.Key)))
        {
            var added = row.FirstOrDefault(static change => change.State == EntityState.Added);
            var last = added ?? row.Last();
            var before = row.Select(static change => change.Before).FirstOrDefault(static values => values is not null);
            var happened = (last.State, before) switch
            {
                (EntityState.Added, null) => last.Resource.Events.Created(last.After([])),
                (EntityState.Added or EntityState.Modified, not null) => last.Resource.Events.Updated(before, last.After(before)),
                (EntityState.Deleted, not null) => last.Resource.Events.Deleted(before),
                _ => null,
            };
            if (happened is not null)
            {
                events.Add(happened);
            }
        }

        return events;
    }

    // What this save did not write is as the locked row had it, whatever a tracker that has read it long ago believes.
    private object?[] After(object?[] before)
    {
        var after = new object?[Resource.Columns.Count];
        for (var i = 0; i < after.Length; i++)
        {
            var property = Entry.Property(Resource.Columns[i].PropertyName);
            var isWritten = State == EntityState.Added || _written.Contains(property.Metadata.Name) || property.Metadata.ValueGenerated.HasFlag(ValueGenerated.OnUpdate);
            after[i] = isWritten ? Resource.Columns[i].Rules.Kept(property.CurrentValue) : before[i];
        }

        return after;
    }

    private static object KeyOf(Resource resource, EntityEntry entry) => entry.Property(resource.Key.PropertyName).CurrentValue!;
}
